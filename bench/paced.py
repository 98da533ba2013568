"""Requests at the times of a schedule, whatever becomes of those before them: an open loop.

A generator that waits for answers sends less while a server is slow, and so does not see what its callers would see
("coordinated omission"). Here a latency counts from the moment at which the request was due: what it waited for a free
connection, or for this process to be given the processor, is part of it.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from bench.load import GRACE_SECONDS, HOST, LoadFailed, Tally, Template, end_of_answer

CHUNK_BYTES = 65536


@dataclass(frozen=True)
class PacedTally(Tally):
    """Also, for each request, how much later than due it was sent (seconds, sorted)."""

    lateness: Sequence[float] = ()


def due_times(rate: float, seconds: float, begun: float) -> Iterator[float]:
    """When each request is due, `rate` a second, at least one."""
    return (begun + number / rate for number in range(max(1, int(rate * seconds))))


@contextmanager
def at_once() -> Iterator[None]:
    """This process goes before others as soon as it has something to do, where the system lets it: its own waits are
    none of the server's."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class _Generator:
    """Sends what is due over connections that have nothing under way, and takes the answers."""

    def __init__(self, template: Template, first: int, due: Iterator[float], connections: Sequence[socket.socket]):
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self._template = template
        self._number = first
        self._due = due
        self._next = next(due, None)
        self._free = deque(connections)
        self._asked: dict[socket.socket, tuple[float, bytes]] = {}

    def play(self, until: float) -> None:
        """Until all that was due is answered; raises `LoadFailed` where that is not so by `until` (monotonic)."""
        while self._next is not None or self._asked:
            now = time.monotonic()
            if now > until:
                raise LoadFailed("the server does not answer in time")
            while self._next is not None and self._next <= now and self._free:
                self._ask(self._next)
                self._next = next(self._due, None)
            wait = 1.0 if self._next is None or not self._free else max(0.0, self._next - time.monotonic())
            for connection in select.select([*self._asked], (), (), wait)[0]:  # epoll's waits are whole milliseconds
                self._take(connection)

    def _ask(self, due: float) -> None:
        connection = self._free.popleft()
        self.lateness.append(time.monotonic() - due)
        self._asked[connection] = due, b""
        connection.sendall(self._template.render(self._number))
        self._number += 1

    def _take(self, connection: socket.socket) -> None:
        due, before = self._asked[connection]
        chunk = connection.recv(CHUNK_BYTES)
        answer = before + chunk
        end = end_of_answer(answer)
        if not chunk:
            raise LoadFailed("the server closed a connection")
        if end > len(answer):
            self._asked[connection] = due, answer
            return
        if end < len(answer):
            raise LoadFailed("an answer longer than its content-length, or without one")
        self.latencies.append(time.monotonic() - due)
        self.statuses[int(answer[9:12])] += 1
        del self._asked[connection]
        self._free.append(connection)


def run(
    port: int, template: Template, *, expected: int, connections: int, rate: float, seconds: float, first: int = 0
) -> PacedTally:
    """Send `rate` requests a second for `seconds`, numbered from `first` on, with at most `connections` under way.

    Raises `LoadFailed` if any status is not `expected`, a connection breaks, or nothing is answered in time.
    """
    with ExitStack() as stack:
        try:
            opened = [stack.enter_context(socket.create_connection((HOST, port))) for _ in range(connections)]
            for each in opened:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stack.enter_context(at_once())
            begun = time.monotonic()
            generator = _Generator(template, first, due_times(rate, seconds, begun), opened)
            generator.play(begun + seconds + GRACE_SECONDS)
        except OSError as error:
            raise LoadFailed(f"the server does not answer: {type(error).__name__}") from error
        elapsed = time.monotonic() - begun
    if set(generator.statuses) != {expected}:
        raise LoadFailed(f"expected only status {expected}, got {dict(generator.statuses)}")
    latencies, lateness = sorted(generator.latencies), sorted(generator.lateness)
    return PacedTally(dict(generator.statuses), elapsed, latencies, lateness)
