"""The paced load keeps to its times, and counts from them what a slow server costs those who wait."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from bench import paced, servers
from bench.load import LoadFailed
from tests.bench.test_load import OK, template

Answering = Callable[[socket.socket, int], None]


@contextmanager
def serving(answer: Answering, connections: int) -> Iterator[int]:
    """A server that has each of its requests answered by `answer`, which is told their number, one after another."""
    turn = threading.Lock()
    numbers = iter(range(10_000))

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(65536):
                with turn:
                    answer(connection, next(numbers))

    def accept() -> None:
        for _ in range(connections):
            thread = threading.Thread(target=serve, args=(listener.accept()[0],))
            thread.start()
            threads.append(thread)

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1]
        accepting.join()
        for thread in threads:
            thread.join()


def run(port: int, *, rate: float, seconds: float, connections: int = 1) -> paced.PacedTally:
    return paced.run(port, template(), expected=200, connections=connections, rate=rate, seconds=seconds)


def test_requests_are_due_at_even_times() -> None:
    assert list(paced.due_times(4, 1.0, 10.0)) == [10.0, 10.25, 10.5, 10.75]


def test_there_is_at_least_one_request() -> None:
    assert list(paced.due_times(1, 0.001, 10.0)) == [10.0]


def test_every_request_is_sent_and_answered_though_connections_are_few() -> None:
    with serving(lambda connection, _: connection.sendall(OK), 2) as port:
        tally = run(port, rate=1000, seconds=0.05, connections=2)
    assert tally.statuses == {200: 50}
    assert len(tally.latencies) == len(tally.lateness) == 50
    assert tally.seconds >= 49 / 1000


def test_what_waits_behind_a_slow_answer_is_counted_from_when_it_was_due() -> None:
    """One answer that is held back for the time of fifty requests makes fifty late, though each is answered at once."""
    held = threading.Event()

    def answer(connection: socket.socket, number: int) -> None:
        if number == 0:
            held.wait(0.25)
        connection.sendall(OK)

    with serving(answer, 1) as port:
        tally = run(port, rate=200, seconds=0.25)
    assert tally.latencies[-1] >= 0.2
    assert sum(latency >= 0.1 for latency in tally.latencies) >= 30
    assert tally.lateness[-1] >= 0.2


def test_an_answer_in_pieces_is_one_answer() -> None:
    def answer(connection: socket.socket, _: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (OK[:5], OK[5:-1], OK[-1:]):
            connection.sendall(piece)

    with serving(answer, 1) as port:
        assert run(port, rate=1000, seconds=0.01).statuses == {200: 10}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (OK.replace(b"200", b"500"), "expected only status 200"),
        (OK + OK, "longer than its content-length"),
    ],
)
def test_anything_but_the_expected_answer_fails_the_run(answer: bytes, message: str) -> None:
    with (
        serving(lambda connection, _: connection.sendall(answer), 1) as port,
        pytest.raises(LoadFailed, match=message),
    ):
        run(port, rate=100, seconds=0.01)


def test_a_connection_that_the_server_closes_fails_the_run() -> None:
    with (
        serving(lambda connection, _: connection.shutdown(socket.SHUT_RDWR), 1) as port,
        pytest.raises(LoadFailed, match=r"closed a connection|does not answer"),
    ):
        run(port, rate=100, seconds=0.01)


def test_a_server_that_says_nothing_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced, "GRACE_SECONDS", 0.1)
    with serving(lambda *_: None, 1) as port, pytest.raises(LoadFailed, match="in time"):
        run(port, rate=100, seconds=0.01)


def test_a_server_that_is_not_there_fails_the_run() -> None:
    with pytest.raises(LoadFailed, match="does not answer"):
        run(servers.free_ports(1)[0], rate=100, seconds=0.01)
