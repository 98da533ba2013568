"""`eventgate send`, against a gate that says what each test wants."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import PROGRAM, Ended, environment, eventgate
from tests.scripted_gate import ACCEPTED, Posted, Says, each, refused, scripted_gate

TOKEN = {"EVENTGATE_TOKEN": "t"}


def send(url: str, *arguments: str | Path, stdin: bytes = b"", env: dict[str, str] = TOKEN) -> Ended:
    return eventgate("send", *arguments, "--url", url, stdin=stdin, env=env)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_line_is_one_event(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_bytes(b'{"n": 1}\n\n{"n":2}\n')
    with scripted_gate(each(lambda post: ACCEPTED)) as gate:
        ended = send(gate.url, "orders", events)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "2 events: 2 accepted, 0 not accepted\n"
    assert gate.bodies() == [b'{"n": 1}', b'{"n":2}']
    assert {post.path for post in gate.posts} == {"/topics/orders"}


def test_a_document_from_standard_input_is_one_event() -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate:
        ended = send(gate.url, "orders", "-", stdin=b'[\n  {"n": 1},\n  {"n": 2}\n]\n')
    assert ended.code == 0
    assert gate.bodies() == [b'[\n  {"n": 1},\n  {"n": 2}\n]']


def test_connections_are_kept(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text("".join(f'{{"n": {n}}}\n' for n in range(400)))
    with scripted_gate(lambda post: ACCEPTED) as gate:
        assert send(gate.url, "orders", events, "--batch", "1", "--in-flight", "8").code == 0
    assert len(gate.posts) == 400
    assert gate.connections <= 8


def test_what_is_refused_is_written_with_its_reasons_in_order(tmp_path: Path) -> None:
    events, failed = tmp_path / "events.ndjson", tmp_path / "failed.ndjson"
    events.write_text('{"ok": 1}\n{"bad": 1.10}\nnope\n{"ok": 2}\n{"bad": 2}\n')
    failed.write_text("what an earlier run left")

    def answer(post: Posted) -> Says:
        return ACCEPTED if b"ok" in post.body else refused(400, "validation", "too bad", pointer="/bad")

    with scripted_gate(each(answer)) as gate:
        ended = send(gate.url, "orders", events, "--failed", failed)
    assert ended.code == 1
    assert ended.out == f"5 events: 2 accepted, 3 not accepted (see {failed})\n"
    errors = [{"type": "validation", "message": "too bad", "pointer": "/bad"}]
    assert lines(failed) == [
        {"line": 2, "event": {"bad": 1.10}, "status": 400, "errors": errors, "retryable": False},
        {"line": 3, "event": "nope", "status": 400, "errors": errors, "retryable": False},
        {"line": 5, "event": {"bad": 2}, "status": 400, "errors": errors, "retryable": False},
    ]
    assert '"event":{"bad": 1.10}' in failed.read_text()


def test_a_refused_document_on_many_lines_is_one_line_of_failed(tmp_path: Path) -> None:
    failed = tmp_path / "failed.ndjson"
    with scripted_gate(lambda post: refused(400, "validation")) as gate:
        send(gate.url, "orders", "-", "--failed", failed, stdin=b'{\r\n  "a": "b"\r\n}')
    (line,) = lines(failed)
    assert line["event"] == {"a": "b"}


def test_without_failed_the_reasons_stand_on_standard_error() -> None:
    answer = refused(400, "validation", "must be a number", pointer="/a")
    with scripted_gate(each(lambda post: answer)) as gate:
        ended = send(gate.url, "orders", "-", stdin=b"{}\n" * 12)
    assert ended.code == 1
    said = ended.err.splitlines()
    assert said[0] == "eventgate: line 1: 400: /a: must be a number"
    assert len(said) == 11
    assert said[10].startswith("eventgate: and 2 more events not accepted")


def test_a_retried_event_counts_once() -> None:
    with scripted_gate(lambda post: ACCEPTED if post.attempt > 1 else refused(503, "overload")) as gate:
        ended = send(gate.url, "orders", "-", stdin=b'{"n": 1}')
    assert ended.code == 0
    assert ended.out == "1 event: 1 accepted, 0 not accepted\n"
    assert len({post.headers["idempotency-key"] for post in gate.posts}) == 1


def test_what_had_been_there_before_is_said() -> None:
    there = Says(202, {**ACCEPTED.document, "writers": {"sqlite": {"outcome": "duplicate"}}})
    with scripted_gate(lambda post: there) as gate:
        ended = send(gate.url, "orders", "-", stdin=b"{}")
    assert ended.out == "1 event: 1 accepted (1 had been there before), 0 not accepted\n"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refused(401, "auth", "the token has expired", reason="expired"), "expired: the token has expired"),
        (refused(404, "topic", "no such topic"), "no such topic"),
        (Says(200, b"<html>"), "is the address right?"),
    ],
    ids=["token", "topic", "some other server"],
)
def test_what_every_event_would_be_told_ends_the_run(answer: Says, says: str, tmp_path: Path) -> None:
    events, failed = tmp_path / "events.ndjson", tmp_path / "failed.ndjson"
    events.write_text("{}\n" * 1000)
    with scripted_gate(each(lambda post: answer)) as gate:
        ended = send(gate.url, "orders", events, "--failed", failed)
    assert ended.code == 1
    assert says in ended.error()
    assert len(gate.posts) < 100
    unsent = int(ended.out.rpartition("from line ")[2].split()[0])
    assert [line["line"] for line in lines(failed)] == list(range(1, unsent))


def test_a_gate_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ended = send(url, "orders", "-", "--failed", tmp_path / "f", stdin=b"{}\n" * 100)
    assert ended.code == 3
    assert "the gate cannot be reached: nothing listens there" in ended.error()


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (("orders", "-"), {}, "EVENTGATE_TOKEN"),
        (("orders", "-", "--token", "a b"), {}, "no token"),
        (("orders", "absent.json"), TOKEN, "cannot read absent.json: No such file"),
        (("orders", "."), TOKEN, "cannot read .: Is a directory"),
        (("orders", "-", "--failed", "absent/f"), TOKEN, "cannot write absent/f"),
        (("orders", "-", "--batch", "0"), TOKEN, "--batch"),
        (("orders", "-", "--resume"), TOKEN, "--resume"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], env: dict[str, str], says: str, tmp_path: Path) -> None:
    ended = eventgate("send", *arguments, cwd=tmp_path, env=env)
    assert ended.code == 2
    assert says in ended.error()


def test_an_address_that_is_none_is_wrong_usage() -> None:
    ended = send("localhost:8080", "orders", "-")
    assert ended.code == 2
    assert "looks like http://" in ended.error()


def test_the_file_that_is_sent_is_not_overwritten(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text("{}\n")
    ended = send("http://127.0.0.1:1", "orders", events, "--failed", events)
    assert ended.code == 2
    assert "name another" in ended.error()
    assert events.read_text() == "{}\n"


def test_an_option_overrules_the_environment() -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate:
        send(gate.url, "orders", "-", "--token", "mine", stdin=b"{}")
    assert gate.posts[0].headers["authorization"] == "Bearer mine"


def test_the_token_shows_nowhere(tmp_path: Path) -> None:
    with scripted_gate(lambda post: refused(401, "auth", "no", reason="signature")) as gate:
        ended = send(gate.url, "orders", "-", "--debug", stdin=b"{}", env={"EVENTGATE_TOKEN": "s3cr3t"})
    assert "s3cr3t" not in ended.out + ended.err
    assert "s3cr3t" not in eventgate("send", "--help", env={"EVENTGATE_TOKEN": "s3cr3t"}).out


def test_events_are_sent_as_they_come() -> None:
    """A pipe that stays open is no reason to hold back what has been read."""
    with scripted_gate(each(lambda post: ACCEPTED)) as gate:
        command = [PROGRAM, "send", "orders", "-", "--url", gate.url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(TOKEN)
        ) as process:
            assert process.stdin is not None
            process.stdin.write(b'{"n": 1}\n')
            process.stdin.flush()
            while not gate.posts:
                assert process.poll() is None
            out, _ = process.communicate(b'{"n": 2}\n', timeout=30)
    assert out == b"2 events: 2 accepted, 0 not accepted\n"


def test_a_terminal_sees_a_progress_bar(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text("{}\n" * 50)
    ours, theirs = pty.openpty()
    with scripted_gate(each(lambda post: ACCEPTED)) as gate:
        command = [PROGRAM, "send", "orders", str(events), "--url", gate.url]
        env = environment({**TOKEN, "TERM": "xterm"})
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, env=env, timeout=60)
    os.close(theirs)
    assert done.stdout == b"50 events: 50 accepted, 0 not accepted\n"
    assert b"sending to orders" in os.read(ours, 65536)
    os.close(ours)


def test_interrupting_says_how_far_it_came() -> None:
    waiting = threading.Event()

    def answer(post: Posted) -> Says:
        waiting.set()
        return Says(503, refused(503, "overload").document, {"Retry-After": "20"})

    with scripted_gate(answer) as gate:
        command = [PROGRAM, "send", "orders", "-", "--url", gate.url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(TOKEN)
        ) as process:
            assert process.stdin is not None
            process.stdin.write(b"{}\n")
            process.stdin.flush()
            assert waiting.wait(30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == b"1 event: 0 accepted, 1 not accepted\n"
    assert err.splitlines()[-1] == b"eventgate: interrupted"
