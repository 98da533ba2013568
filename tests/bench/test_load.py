"""The load generator counts what is answered, and takes nothing but the expected status for an answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import servers
from bench.load import LoadFailed, Template, post, run
from bench.workload import TOPIC, sample_event

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def template() -> Template:
    event, event_id = sample_event()
    return post(TOPIC, "token", event, event_id)


@contextmanager
def answering(chunks: list[bytes], *, close: bool = False) -> Iterator[int]:
    """A server that answers every request on its first connection with `chunks`, each sent by itself."""

    def serve() -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while connection.recv(65536):
                for chunk in chunks:
                    connection.sendall(chunk)
                if close:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_the_sample_event_is_of_the_stated_size_and_holds_its_id_once() -> None:
    event, event_id = sample_event()
    assert 600 <= len(event) <= 800
    assert event.count(event_id) == 1


def test_requests_differ_in_nothing_but_the_event_id() -> None:
    first, second = template().render(1), template().render(123_456)
    assert len(first) == len(second)
    head, _, body = first.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["event_id"] == f"{1:036}"
    assert first.replace(b"%036d" % 1, b"%036d" % 123_456) == second


def test_an_event_that_does_not_hold_its_id_once_is_no_template() -> None:
    with pytest.raises(ValueError, match="once"):
        post(TOPIC, "token", b"{}", b"x" * 36)


def test_exactly_as_many_requests_as_asked_for_are_sent_and_counted(tmp_path: Path) -> None:
    port = servers.free_ports(1)[0]
    command = servers.uvicorn("bench.echo:app", port)
    with servers.running(command, port, ready="/", log=tmp_path / "log") as server:
        assert run(port, template(), expected=200, connections=4, count=50).statuses == {200: 50}
        assert server.cpu_seconds() > 0
        assert server.resident_bytes() > 0


def test_an_answer_in_pieces_is_one_answer() -> None:
    with answering([OK[:5], OK[5:30], OK[30:-1], OK[-1:]]) as port:
        assert run(port, template(), expected=200, connections=1, count=20).statuses == {200: 20}


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([OK.replace(b"200", b"500")], "expected only status 200"),
        ([OK + OK], "longer than its content-length"),
        ([b"HTTP/1.1 200 OK\r\n\r\n"], "or without one"),
    ],
)
def test_anything_but_the_expected_answer_fails_the_run(chunks: list[bytes], message: str) -> None:
    with answering(chunks) as port, pytest.raises(LoadFailed, match=message):
        run(port, template(), expected=200, connections=1, count=3)


def test_a_connection_that_the_server_closes_fails_the_run() -> None:
    with answering([OK], close=True) as port, pytest.raises(LoadFailed, match="closed"):
        run(port, template(), expected=200, connections=1, count=3)


def test_a_server_that_is_not_there_fails_the_run() -> None:
    with pytest.raises(LoadFailed, match="does not answer"):
        run(servers.free_ports(1)[0], template(), expected=200, connections=1, count=1)
