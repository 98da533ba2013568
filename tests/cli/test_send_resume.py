"""`eventgate send` is interrupted, however it may be, and `--resume` goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import PROGRAM, Ended, environment, eventgate
from tests.client.model_gate import ModelGate, serving

TOKEN = {"EVENTGATE_TOKEN": "t"}
PATIENCE_SECONDS = 60


def write(path: Path, count: int, *, bad_every: int = 0) -> list[bytes]:
    """A file of `count` different events, and those of them that are good."""
    events = [b'{"n":%d}' % n if not bad_every or n % bad_every else b'{"bad":%d}' % n for n in range(count)]
    path.write_bytes(b"".join(event + b"\n" for event in events))
    return [event for event in events if b"bad" not in event]


def send(gate: ModelGate, file: Path, *arguments: str | Path) -> Ended:
    return eventgate("send", "orders", file, "--url", gate.url, *arguments, env=TOKEN)


def journal(file: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(file.with_name(f"{file.name}.orders.journal").read_text())
    return state


class Killer:
    """Kills whoever sends, by a signal, at some request of its: before the gate takes it, or before it answers."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._left = 0
        self._when_taken = False

    def aim(self, pid: int, requests: int, when_taken: bool) -> None:
        with self._lock:
            self._pid, self._left, self._when_taken = pid, requests, when_taken

    def watch(self, body: bytes, taken: bool) -> None:
        with self._lock:
            if self._pid is None or taken != self._when_taken:
                return
            self._left -= 1
            if self._left < 0:
                os.kill(self._pid, self._number)
                self._pid = None


def run_until_killed(command: list[str], killer: Killer, requests: int, when_taken: bool) -> int:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(TOKEN)) as sender:
        killer.aim(sender.pid, requests, when_taken)
        _, err = sender.communicate(timeout=PATIENCE_SECONDS)
    assert b"Traceback" not in err, err.decode()
    return sender.returncode


@pytest.mark.parametrize("batch", ["1", "7", "100"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_killed_again_and_again_nothing_is_lost_or_doubled(batch: str, number: signal.Signals, tmp_path: Path) -> None:
    """With a sink that remembers event ids; and each refused event is in --failed once."""
    chance = random.Random(f"{batch}{number}")  # noqa: S311  # no secret, and the same at every run
    events, failed = tmp_path / "events.ndjson", tmp_path / "failed.ndjson"
    good = write(events, 400, bad_every=13)
    gate, killer = ModelGate(), Killer(number)
    gate.watch = killer.watch
    with serving(gate):
        command = [PROGRAM, "send", "orders", str(events), "--url", gate.url, "--batch", batch, "--failed", str(failed)]
        ends = [
            run_until_killed([*command, "--resume"], killer, chance.randrange(400 // int(batch) // 6 + 1), when_taken)
            for when_taken in (True, False, True, False, True)
        ]
        ended = send(gate, events, "--batch", batch, "--failed", failed, "--resume")
        again = send(gate, events, "--batch", batch, "--failed", failed, "--resume")
    assert ends[0] == (-signal.SIGKILL if number == signal.SIGKILL else 1)
    assert (ended.code, again.code) == (1, 1)
    assert f"400 events: {len(good)} accepted" in ended.out.replace(",", "")
    assert again.out == ended.out, "a finished run is not sent again"
    assert sorted(gate.ledger.values()) == sorted(good)
    refused = [json.loads(line) for line in failed.read_text().splitlines()]
    assert sorted(line["line"] for line in refused) == list(range(1, 401, 13))


def test_an_event_that_could_not_be_delivered_is_delivered_by_the_next_run(tmp_path: Path) -> None:
    """With the receipt of the last answer: what was delivered before is not sent to the other sink again."""
    events, failed = tmp_path / "events.ndjson", tmp_path / "failed.ndjson"
    good = write(events, 30)
    is_down = True
    gate = ModelGate(
        fault=lambda sink, event: "failed" if is_down and sink == "ledger" and b"7" in event else "delivered"
    )
    with serving(gate):
        first = send(gate, events, "--batch", "10", "--failed", failed, "--retry-seconds", "0")
        assert [json.loads(line)["status"] for line in failed.read_text().splitlines()] == [500] * 3
        is_down = False
        second = send(gate, events, "--batch", "10", "--failed", failed, "--resume")
    assert first.code == 1
    assert first.out == f"30 events: 27 accepted, 3 not accepted (see {failed}); --resume goes on\n"
    assert (second.code, second.out) == (0, "30 events: 30 accepted, 0 not accepted\n")
    assert sorted(gate.ledger.values()) == sorted(gate.log) == sorted(good)
    assert failed.read_bytes() == b""


def test_a_gate_that_is_away_is_awaited_by_the_next_run(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    good = write(events, 50)
    gate = ModelGate()
    with serving(gate):
        pass
    away = send(gate, events, "--retry-seconds", "0")
    assert away.code == 3
    with serving(gate):
        ended = send(gate, events, "--resume")
    assert (ended.code, ended.out) == (0, "50 events: 50 accepted, 0 not accepted\n")
    assert sorted(gate.ledger.values()) == sorted(good)


def test_a_batch_that_is_too_large_is_parted_and_the_parts_are_resumed(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    good = write(events, 200)
    gate, killer = ModelGate(most=30), Killer(signal.SIGKILL)
    gate.watch = killer.watch
    with serving(gate):
        command = [PROGRAM, "send", "orders", str(events), "--url", gate.url]
        assert run_until_killed(command, killer, 8, True) == -signal.SIGKILL
        ended = send(gate, events, "--resume")
    assert (ended.code, ended.out) == (0, "200 events: 200 accepted, 0 not accepted\n")
    assert sorted(gate.ledger.values()) == sorted(good)


def test_what_was_added_to_a_file_meanwhile_is_sent_as_well(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 10)
    gate = ModelGate()
    with serving(gate):
        assert send(gate, events).code == 0
        write(events, 25)
        ended = send(gate, events, "--resume")
    assert (ended.code, ended.out) == (0, "25 events: 25 accepted, 0 not accepted\n")
    assert len(gate.ledger) == len(gate.log) == 25


def test_another_file_under_the_same_name_is_not_resumed(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 10)
    gate = ModelGate()
    with serving(gate):
        assert send(gate, events).code == 0
        events.write_bytes(events.read_bytes().replace(b"3", b"4"))
        changed = send(gate, events, "--resume")
        write(events, 5)
        shorter = send(gate, events, "--resume")
    assert (changed.code, shorter.code) == (2, 2)
    assert "differs before line 11" in changed.error()
    assert "has become shorter" in shorter.error()


def test_a_journal_of_another_topic_or_none_at_all_is_told(tmp_path: Path) -> None:
    events, other = tmp_path / "events.ndjson", tmp_path / "notes.txt"
    write(events, 3)
    other.write_text("my notes\n")
    gate = ModelGate()
    with serving(gate):
        assert send(gate, events, "--journal", tmp_path / "j").code == 0
        topic = eventgate("send", "t", events, "--url", gate.url, "--journal", tmp_path / "j", "--resume", env=TOKEN)
        notes = send(gate, events, "--journal", other)
    assert (topic.code, notes.code) == (2, 2)
    assert "another topic" in topic.error()
    assert "is no journal" in notes.error()
    assert other.read_text() == "my notes\n"


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 3)
    gate = ModelGate()
    held, go_on = threading.Event(), threading.Event()

    def hold(body: bytes, taken: bool) -> None:
        held.set()
        assert go_on.wait(PATIENCE_SECONDS)

    gate.watch = hold
    with serving(gate):
        command = [PROGRAM, "send", "orders", str(events), "--url", gate.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(TOKEN)) as first:
            assert held.wait(PATIENCE_SECONDS)
            second = send(gate, events)
            go_on.set()
            out, _ = first.communicate(timeout=PATIENCE_SECONDS)
    assert second.code == 2
    assert "another `eventgate send` is at work" in second.error()
    assert out == b"3 events: 3 accepted, 0 not accepted\n"


def test_starting_over_says_so(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 3)
    gate = ModelGate()
    with serving(gate):
        pass
    assert send(gate, events, "--retry-seconds", "0").code == 3
    with serving(gate):
        ended = send(gate, events)
    assert ended.code == 0
    assert ended.error().startswith("starting over: an earlier run came to line 4")


def test_what_cannot_be_read_twice_cannot_be_resumed(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.open("wb").close())
    writer.start()
    piped = eventgate("send", "orders", fifo, "--resume", env=TOKEN)
    writer.join(PATIENCE_SECONDS)
    given = eventgate("send", "orders", "-", "--resume", env=TOKEN)
    assert (piped.code, given.code) == (2, 2)
    assert "cannot be read a second time" in piped.error()
    assert "cannot be read a second time" in given.error()


def test_where_no_journal_can_be_kept_events_are_sent_all_the_same(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 3)
    gate = ModelGate()
    with serving(gate):
        ended = send(gate, events, "--journal", tmp_path / "absent" / "j")
        resumed = send(gate, events, "--journal", tmp_path / "absent" / "j", "--resume")
    assert ended.code == 0
    assert "--resume will not be possible" in ended.error()
    assert resumed.code == 2


def test_what_was_refused_is_mended_and_sent_again(tmp_path: Path) -> None:
    events, failed = tmp_path / "events.ndjson", tmp_path / "failed.ndjson"
    write(events, 20, bad_every=5)
    gate = ModelGate()
    with serving(gate):
        assert send(gate, events, "--failed", failed).code == 1
        failed.write_bytes(failed.read_bytes().replace(b'"bad":', b'"good":'))
        mended = send(gate, failed, "--mended")
    assert (mended.code, mended.out) == (0, "4 events: 4 accepted, 0 not accepted\n")
    assert b'{"good":5}' in gate.ledger.values()
    assert len(gate.ledger) == 20


def test_the_journal_holds_nothing_of_events_and_no_token(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    write(events, 20)
    gate = ModelGate(fault=lambda sink, event: "failed")
    with serving(gate):
        send(gate, events, "--batch", "3", "--retry-seconds", "0")
    state = journal(events)
    assert len(state["open"]) == 7
    assert all(part["receipt"] for part in state["open"])
    assert '"n"' not in json.dumps(state)
    path = events.with_name("events.ndjson.orders.journal")
    assert path.stat().st_mode & 0o077 == 0
