"""Requests that are sent ahead of the answers to those before them."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core.model import Request, Response
from eventgate.server import protocol
from tests.server.serving import Gate, connected, served

GET = b"GET / HTTP/1.1\r\nHost: g\r\n\r\n"
LATER = b"GET /later HTTP/1.1\r\nHost: g\r\n\r\n"
OK = b"HTTP/1.1 200 OK"


def post(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """The bodies of the next `count` answers; they have a digit or two."""
    bodies = []
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
    return bodies


async def test_answers_come_in_the_order_of_the_requests() -> None:
    gate = Gate()
    async with served(gate) as (_, port), connected(port) as (reader, writer):
        writer.write(LATER + post(b"a") + post(b"ab"))
        await gate.waiting.wait()
        writer.write(post(b"abc"))
        await writer.drain()
        gate.let_go.set()
        assert await answers(reader, 4) == [b"0", b"1", b"2", b"3"]


async def test_more_than_are_answered_at_once_are_all_answered() -> None:
    count = 3 * protocol.ANSWERS_AT_ONCE + 1
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"".join(post(b"x" * number) for number in range(count)))
        assert await answers(reader, count) == [b"%d" % number for number in range(count)]


async def test_others_have_their_turn_between_many_requests_of_one_connection() -> None:
    order: list[str] = []

    class Noting(Gate):
        async def handle(self, request: Request) -> Response:
            order.append(request.path)
            return await super().handle(request)

    many = GET * (4 * protocol.ANSWERS_AT_ONCE)
    async with served(Noting()) as (_, port), connected(port) as (one, busy), connected(port) as (two, other):
        busy.write(GET)
        other.write(GET)
        await asyncio.gather(answers(one, 1), answers(two, 1))
        order.clear()
        busy.write(many)
        other.write(GET.replace(b"/ ", b"/other "))
        await answers(two, 1)
        await answers(one, 4 * protocol.ANSWERS_AT_ONCE)
    assert order.index("/other") <= 2 * protocol.ANSWERS_AT_ONCE


async def test_nothing_is_answered_behind_a_request_that_closes_the_connection() -> None:
    gate = Gate()
    async with served(gate) as (_, port), connected(port) as (reader, writer):
        writer.write(GET.replace(b"Host", b"Connection: close\r\nHost") + GET * 20)
        answer = await reader.read()
    assert answer.count(OK) == 1
    assert b"connection: close" in answer


async def test_what_came_before_garbage_is_answered_before_the_garbage_is_refused() -> None:
    gate = Gate()
    async with served(gate) as (_, port), connected(port) as (reader, writer):
        writer.write(LATER + GET + b"\x00garbage\r\n\r\n")
        await gate.waiting.wait()
        gate.let_go.set()
        answer = await reader.readuntil(b"}]}")
    assert answer.count(OK) == 2
    assert answer.count(b"HTTP/1.1 400") == 1
    assert answer.rindex(OK) < answer.index(b"HTTP/1.1 400")


async def test_a_client_that_does_not_read_its_answers_is_not_given_more_of_them() -> None:
    handled = 0

    class Counting(Gate):
        async def handle(self, request: Request) -> Response:
            nonlocal handled
            handled += 1
            self.waiting.set()
            return await super().handle(request)

    gate = Counting()
    count = 100  # of a megabyte each: more than sockets buffer
    async with served(gate) as (_, port), connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\nHost: g\r\n\r\n" * count)
        await gate.waiting.wait()
        async with connected(port) as (other_reader, other_writer):
            other_writer.write(GET)
            await answers(other_reader, 1)
        assert handled < count
        assert [len(body) for body in await answers(reader, count)] == [1_000_000] * count


@pytest.mark.parametrize("protocols", [b"h2c", b"websocket"])
@pytest.mark.parametrize("pieces", [1, 2, 7])
async def test_a_wish_for_another_protocol_is_ignored(protocols: bytes, pieces: int) -> None:
    """Body and later requests count as if it had not been there: some clients ask for HTTP/2 with every first POST."""
    request = post(b"abc").replace(b"Host", b"Connection: Upgrade\r\nUpgrade: " + protocols + b"\r\nHost")
    sent = request + post(b"ab") + request + GET
    async with served() as (_, port), connected(port) as (reader, writer):
        step = len(sent) // pieces + 1
        for at in range(0, len(sent), step):
            writer.write(sent[at : at + step])
            await writer.drain()
        assert await answers(reader, 4) == [b"3", b"2", b"3", b"0"]
