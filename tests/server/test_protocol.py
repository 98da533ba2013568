"""Connections that dawdle, against a uvicorn server in this process."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.server import protocol
from eventgate.server.reading import HEAD_BYTES
from tests.server.serving import Gate, connected, served


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times so short that a test can wait for them."""
    for name in ("HEAD_SECONDS", "KEEP_ALIVE_SECONDS", "LINGER_SECONDS", "FIRST_REQUEST_SECONDS", "FAREWELL_SECONDS"):
        monkeypatch.setattr(protocol, name, 0.05)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost", b"\r\n", b"\r\n\r\n"])
async def test_a_head_that_does_not_arrive_in_time_ends_the_connection(sent: bytes) -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(sent)
        assert await reader.read() == b""


@pytest.mark.usefixtures("hasty")
async def test_a_stray_line_feed_after_an_answer_does_not_hold_the_connection() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(1) == b"0"
        writer.write(b"\r\n")
        assert await reader.read() == b""


@pytest.mark.usefixtures("hasty")
async def test_a_body_that_dawdles_is_not_cut_off_by_the_bound_on_heads() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\na")
        await asyncio.sleep(0.2)  # longer than a head may take: this is what is tested
        writer.write(b"b")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("hasty")
async def test_the_rest_of_a_refused_body_is_not_awaited_for_ever() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 9000\r\n\r\nabc")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer


async def test_who_reads_until_the_end_need_not_wait_until_a_refused_body_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 600)
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 9000\r\n\r\nabc")
        async with asyncio.timeout(60):
            assert (await reader.read()).startswith(b"HTTP/1.1 413")
        writer.write(bytes(8997))
        await writer.drain()


async def test_a_fresh_connection_is_given_a_moment_when_the_server_stops() -> None:
    """Its request may be on the way already; after the answer the connection ends."""
    async with served() as (server, port), connected(port) as (reader, writer):
        async with connected(port) as (later_reader, later_writer):
            later_writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
            await later_reader.readuntil(b"\r\n\r\n0")  # connections are accepted in order: the first is there
        for connection in list(server.server_state.connections):
            connection.shutdown()
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer


async def test_an_idle_connection_ends_at_once_when_the_server_stops() -> None:
    async with served() as (server, port), connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        for connection in list(server.server_state.connections):
            connection.shutdown()
        assert await reader.read() == b""


@pytest.mark.parametrize("size", [100, 60_000])
async def test_heads_within_the_bound_are_the_gates_to_judge(size: int) -> None:
    """They may come in pieces."""
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\nX: ")
        for _ in range(size // 100):
            writer.write(b"x" * 100)
            await writer.drain()
        writer.write(b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "head",
    [
        b"FOO / HTTP/1.1\r\nHost: g\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: g\r\nA b: c\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
@pytest.mark.usefixtures("hasty")
async def test_what_is_no_http_is_refused_in_the_gates_own_form(head: bytes) -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(head)
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"x-correlation-id: " in answer
    assert b'"type":"headers"' in answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nX-Correlation-ID: r-1\t \r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: g\r\nX-Correlation-ID: r-1\r\nB: 1\r\nA b: c\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: g\r\nX-Correlation-ID: r-1\r\nPad: " + b"x" * 10 * HEAD_BYTES, b"431"),
    ],
    ids=["no host", "no header", "too large"],
)
async def test_a_refused_head_is_answered_with_its_own_correlation_id(head: bytes, status: bytes) -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(head)
        answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"x-correlation-id: r-1\r\n" in answer


@pytest.mark.usefixtures("hasty")
async def test_what_follows_a_request_has_not_its_correlation_id() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: g\r\nX-Correlation-ID: r-1\r\n\r\n\x16\x03\x01\x02\x00")
        _, _, refusal = (await reader.read()).partition(b"HTTP/1.1 400")
    assert b"x-correlation-id: " in refusal
    assert b"r-1" not in refusal


async def test_chunks_that_are_too_much_are_refused_before_their_end() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000 + b"\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")


async def test_a_cancelled_request_is_answered_all_the_same() -> None:
    """In the gate's own form, with the caller's correlation id."""
    gate = Gate()
    async with served(gate) as (server, port), connected(port) as (reader, writer):
        writer.write(b"GET /never HTTP/1.1\r\nHost: g\r\nX-Request-ID: r-1\r\n\r\n")
        await gate.waiting.wait()
        for task in list(server.server_state.tasks):
            task.cancel()
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert b"x-correlation-id: r-1" in head
        assert b'"unavailable"' in await reader.readuntil(b"}]}")


async def test_a_defect_of_the_gate_is_500_and_leaves_the_connection_open() -> None:
    async with served() as (_, port), connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /defect HTTP/1.1\r\nHost: g\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 500")
            assert b'"internal"' in await reader.readuntil(b"}]}")
