"""A load generator that costs little: keep-alive connections that each wait for an answer before they ask again.

It runs in one process on raw sockets, so that on a machine with two cores it can have one and the server the other.
Every answer's status is counted, and any but the expected one makes the run a failure.

    python -m bench.load --port 8080 --topic public.cps.za.runs --token-file T --event-file E --seconds 5
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import uvloop

HOST = "127.0.0.1"
GRACE_SECONDS = 30.0
"""How long a server may take over its last answers before the run is given up."""


class LoadFailed(Exception):
    """The server did not answer as expected; the message says how it did."""


@dataclass(frozen=True)
class Template:
    """A request whose body differs only in 36 bytes: the event id."""

    head: bytes
    tail: bytes

    def render(self, number: int) -> bytes:
        """The request's bytes with an event id made from `number`."""
        return b"%b%036d%b" % (self.head, number, self.tail)


def post(topic: str, token: str, event: bytes, event_id: bytes) -> Template:
    """The request that posts `event`, in which `event_id` (36 bytes) stands once and is replaced each time."""
    if len(event_id) != 36 or event.count(event_id) != 1:
        raise ValueError("the event holds its id once, and the id has 36 characters")
    before, after = event.split(event_id)
    head = (
        f"POST /topics/{topic} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: load\r\nAccept: */*\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(event)}\r\n\r\n"
    )
    return Template(head.encode() + before, after)


@dataclass(frozen=True)
class Tally:
    """What a run did: answers by status, how long it took, and how long each answer took (seconds, sorted)."""

    statuses: dict[int, int]
    seconds: float
    latencies: Sequence[float] = ()

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


class Supply:
    """Hands out requests until it is stopped or has handed out `count`; numbers are never handed out twice."""

    def __init__(self, template: Template, first: int, count: int | None) -> None:
        self._render = template.render
        self._next = first
        self._end = None if count is None else first + count
        self.stopped = False

    def next(self) -> bytes | None:
        number = self._next
        if self.stopped or number == self._end:
            return None
        self._next = number + 1
        return self._render(number)


class _Connection(asyncio.Protocol):
    """Sends one request, waits for its whole answer, sends the next."""

    def __init__(
        self, supply: Supply, statuses: Counter[int], latencies: array[float], done: Callable[[str | None], None]
    ) -> None:
        self._supply = supply
        self._statuses = statuses
        self._latencies = latencies
        self._sent_at = 0.0
        self._done = done
        self._finished = False
        self._pending = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._pending:
            data = self._pending + data
        end = end_of_answer(data)
        if end > len(data):
            self._pending = data
            return
        if end < len(data):
            self._finish("an answer longer than its content-length, or without one")
            return
        self._pending = b""
        self._statuses[int(data[9:12])] += 1
        self._latencies.append(perf_counter() - self._sent_at)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("the server closed a connection")

    def _send(self) -> None:
        request = self._supply.next()
        if request is None:
            self._finish(None)
        else:
            self._sent_at = perf_counter()
            self._transport.write(request)

    def _finish(self, failure: str | None) -> None:
        if not self._finished:
            self._finished = True
            self._transport.close()
            self._done(failure)


def end_of_answer(data: bytes) -> int:
    """Where the first answer in `data` ends: past the end of `data` while it is not complete, 0 if nobody can tell."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return len(data) + 1
    at = data.find(b"content-length: ", 0, end)
    return 0 if at < 0 else end + 4 + int(data[at + 16 : data.find(b"\r\n", at)])


async def _drive(
    port: int,
    supply: Supply,
    connections: int,
    seconds: float | None,
    statuses: Counter[int],
    latencies: array[float],
) -> tuple[float, list[str]]:
    loop = asyncio.get_running_loop()
    failures: list[str] = []
    open_connections = connections
    over = asyncio.Event()

    def done(failure: str | None) -> None:
        nonlocal open_connections
        if failure is not None:
            failures.append(failure)
        open_connections -= 1
        if not open_connections:
            over.set()

    def stop() -> None:
        supply.stopped = True

    def broken(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failures.append(f"a defect of the load generator: {context.get('exception')!r}")
        over.set()

    loop.set_exception_handler(broken)
    begun = loop.time()
    if seconds is not None:
        loop.call_later(seconds, stop)
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(supply, statuses, latencies, done), HOST, port)
    async with asyncio.timeout(None if seconds is None else seconds + GRACE_SECONDS):
        await over.wait()
    return loop.time() - begun, failures


def run(
    port: int,
    template: Template,
    *,
    expected: int,
    connections: int,
    first: int = 0,
    count: int | None = None,
    seconds: float | None = None,
) -> Tally:
    """Send requests numbered from `first` on, until `count` are answered or `seconds` are over.

    Raises `LoadFailed` if any status is not `expected`, a connection breaks, or nothing is answered in time.
    """
    statuses: Counter[int] = Counter()
    latencies = array("d")
    try:
        elapsed, failures = uvloop.run(
            _drive(port, Supply(template, first, count), connections, seconds, statuses, latencies),
        )
    except (OSError, TimeoutError) as error:
        raise LoadFailed(f"the server does not answer: {type(error).__name__}") from error
    if failures:
        raise LoadFailed(failures[0])
    if set(statuses) != {expected}:
        raise LoadFailed(f"expected only status {expected}, got {dict(statuses)}")
    return Tally(dict(statuses), elapsed, sorted(latencies))


def _main() -> int:
    parser = argparse.ArgumentParser(description="Post one event over and over, each time with another event id.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--event-file", type=Path, required=True, help="one JSON object with a 36-character event_id")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first event id")
    parser.add_argument("--expect", type=int, default=202)
    options = parser.parse_args()
    event, token = options.event_file.read_bytes().strip(), options.token_file.read_text().strip()
    template = post(options.topic, token, event, json.loads(event)["event_id"].encode())
    try:
        tally = run(
            options.port,
            template,
            expected=options.expect,
            connections=options.connections,
            first=options.first,
            seconds=options.seconds,
        )
    except LoadFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{tally.requests} requests in {tally.seconds:.2f} s: {tally.requests / tally.seconds:,.0f}/s")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
