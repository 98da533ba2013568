"""Bodies that come late, in parts, broken or not at all."""

from __future__ import annotations

import asyncio

from eventgate.errors import InvalidJson
from eventgate.server.exchange import CONTINUE, UNWANTED_BYTES, Exchange
from eventgate.server.intake import Intake
from eventgate.server.reading import HEAD_BYTES
from tests.server.serving import Gate, connected, served

CHUNKED = b"POST /named HTTP/1.1\r\nHost: g\r\nX-Name: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


async def test_a_body_is_announced_only_where_it_is_wanted() -> None:
    head = b"POST / HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(head % 3)
        assert await reader.readexactly(len(CONTINUE)) == CONTINUE
        writer.write(b"abc")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(1) == b"3"
        writer.write(head % 3 + b"abc")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(1) == b"3"
        writer.write(head % 3000)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")


async def test_who_speaks_http_1_0_hears_of_no_body_that_is_wanted() -> None:
    """It would take that for the answer (RFC 9110, section 10.1.1)."""
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(b"abc")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_fields_behind_a_body_are_no_header_fields() -> None:
    """What the body's sender appends must not pass for what the head's sender vouched for."""
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(CHUNKED + b"0\r\nX-Name: b\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(1) == b"a"


async def test_fields_behind_a_body_have_a_bound() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(CHUNKED + b"0\r\nX-Name: ")
        writer.write(b"b" * 10 * HEAD_BYTES)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 431")


async def test_a_broken_body_is_answered_once_and_ends_the_connection() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(CHUNKED + b"zz\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert b"connection: close" in head
        assert (await reader.readuntil(b"}]}")).count(b'"statusCode":400') == 1
        writer.write_eof()
        assert await reader.read() == b""


async def test_a_connection_that_ends_before_the_body_leaves_nobody_waiting() -> None:
    gate = Gate()
    async with served(gate) as (server, port):
        async with connected(port) as (_, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 3\r\n\r\na")
            await gate.reading.wait()
            (task,) = server.server_state.tasks
        await asyncio.wait_for(task, 10)
    assert [type(refusal) for refusal in gate.refusals] == [InvalidJson]


class Connection:
    """Notes what an exchange asks of its connection."""

    transport: asyncio.Transport

    def __init__(self, intake: Intake | None = None) -> None:
        self.asked: list[str] = []
        self.intake = intake or Intake()

    def pause(self) -> None:
        self.asked.append("pause")

    def read_on(self) -> None:
        self.asked.append("read on")


async def test_little_is_read_of_a_body_that_nobody_has_asked_for() -> None:
    connection = Connection()
    exchange = Exchange(connection, "POST", "/", [], True)
    exchange.add(bytes(UNWANTED_BYTES))
    assert connection.asked == []
    exchange.add(b"x")
    assert connection.asked == ["pause"]
    reading = asyncio.ensure_future(exchange.body(1_000_000))
    await asyncio.sleep(0)
    assert connection.asked == ["pause", "read on"]
    exchange.add(bytes(UNWANTED_BYTES))
    exchange.end()
    assert len(await reading) == 2 * UNWANTED_BYTES + 1
    assert "pause" not in connection.asked[1:]
