"""`eventgate send` is interrupted, however it may be, and `--resume` goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.commands import PROGRAM, environment
from tests.cli.shipping import PATIENCE_SECONDS, TOKEN, send, write
from tests.client.model_gate import ModelGate, serving


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
