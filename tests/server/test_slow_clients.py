"""Clients that take their time: to send a body, or to read an answer; and too many of them."""

from __future__ import annotations

import asyncio
import time

import pytest

from eventgate.errors import BodyTooSlow
from eventgate.server import exchange, protocol
from tests.server.serving import Gate, connected, served

HEAD = b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 900\r\n\r\n"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times so short that a test can wait for them."""
    monkeypatch.setattr(exchange, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "FAREWELL_SECONDS", 0.05)


async def test_a_body_that_drips_is_given_up_though_there_is_always_more_of_it() -> None:
    gate = Gate()
    async with served(gate) as (_, port), connected(port) as (reader, writer):
        writer.write(HEAD)
        answer = asyncio.ensure_future(reader.readuntil(b"}]}"))
        while not answer.done():
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.02)
        assert (await answer).startswith(b"HTTP/1.1 408")
        assert b"connection: close" in await answer
        assert await reader.read() == b""
    assert [type(refusal) for refusal in gate.refusals] == [BodyTooSlow]


async def test_a_body_that_stops_coming_is_given_up() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(HEAD + b"x")
        assert (await reader.read()).startswith(b"HTTP/1.1 408")


async def test_a_long_body_on_a_slow_line_is_given_the_time_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LEAST_BYTES_PER_SECOND", 100)
    started = time.monotonic()
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(HEAD)
        for _ in range(9):
            writer.write(b"x" * 100)
            await asyncio.sleep(0.05)  # slower than it must be if its size did not count: this is what is tested
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - started > exchange.BODY_SECONDS


async def test_a_body_of_small_parts_takes_little_more_than_its_size() -> None:
    content = b"ab" * 450
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"2\r\nab\r\n" * 450 + b"0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(3) == str(len(content)).encode()


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
async def test_a_client_that_never_reads_its_answer_does_not_hold_the_connection(
    monkeypatch: pytest.MonkeyPatch, closing: bytes
) -> None:
    monkeypatch.setattr(protocol, "KEEP_ALIVE_SECONDS", 0.05)
    lost = asyncio.Event()
    monkeypatch.setattr(protocol.GateProtocol, "connection_lost", lambda *_: lost.set())
    async with served() as (server, port), connected(port) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(20):
            writer.write(b"GET /large HTTP/1.1\r\nHost: g\r\n\r\n")
        writer.write(b"GET /large HTTP/1.1\r\nHost: g\r\n" + closing + b"\r\n")
        await lost.wait()
        server.server_state.connections.clear()


async def test_more_connections_than_there_may_be_are_told_so_and_do_no_harm_to_the_others() -> None:
    async with served() as (server, port), connected(port) as (reader, writer):
        server.config.limit_concurrency = 1
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
        async with connected(port) as (other, _):
            answer = await other.read()
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"retry-after: " in answer
            assert b'"type":"overload"' in answer
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")


async def test_where_there_are_far_too_many_connections_they_just_end() -> None:
    async with served() as (server, port), connected(port) as (reader, writer):
        server.config.limit_concurrency = 1
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        heard = [await _rest(each) for each, _ in held]
        for _, each in held:
            each.close()
    assert b"" in heard


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
