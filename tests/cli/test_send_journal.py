"""The journal that `eventgate send --resume` goes by: whose it is, what is in it, and where there can be none."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.cli.commands import PROGRAM, environment, eventgate
from tests.cli.shipping import PATIENCE_SECONDS, TOKEN, send, write
from tests.client.model_gate import ModelGate, serving


def journal(file: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(file.with_name(f"{file.name}.orders.journal").read_text())
    return state


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
