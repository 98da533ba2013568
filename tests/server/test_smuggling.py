"""Requests that two servers in a row might read differently: refused, and nothing behind them is read."""

from __future__ import annotations

import re

import pytest

from eventgate.server.reading import HEAD_BYTES
from tests.server.serving import connected, served

HEAD = b"POST / HTTP/1.1\r\nHost: g\r\n"
LENGTH = b"Content-Length: 3\r\n"
CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: g\r\n\r\n"

FORMS = {
    "length and chunks": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunks and length": CHUNKED + LENGTH + b"\r\n" + CHUNKS,
    "two lengths": HEAD + LENGTH + b"Content-Length: 0\r\n\r\nabc",
    "one length twice": HEAD + LENGTH * 2 + b"\r\nabc",
    "a list of lengths": HEAD + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": HEAD + b"Content-Length: +3\r\n\r\nabc",
    "a negative length": HEAD + b"Content-Length: -3\r\n\r\nabc",
    "a hexadecimal length": HEAD + b"Content-Length: 0x3\r\n\r\nabc",
    "a length with a separator": HEAD + b"Content-Length: 1_0\r\n\r\nabc",
    "a length beyond 64 bits": HEAD + b"Content-Length: 99999999999999999999\r\n\r\nabc",
    "no length": HEAD + b"Content-Length:\r\n\r\n",
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "an unknown coding first": HEAD + b"Transfer-Encoding: x, chunked\r\n\r\n" + CHUNKS,
    "a coding the gate does not decode": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "an empty coding first": HEAD + b"Transfer-Encoding: ,chunked\r\n\r\n" + CHUNKS,
    "a coding after the chunks": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "codings in two fields": HEAD + b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunks twice": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "a quoted coding": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n' + CHUNKS,
    "a coding with a parameter": HEAD + b"Transfer-Encoding: chunked;a=b\r\n\r\n" + CHUNKS,
    "a coding behind a vertical tab": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + CHUNKS,
    "no coding": HEAD + b"Transfer-Encoding:\r\n" + LENGTH + b"\r\nabc",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "a space before the colon": HEAD + b"Content-Length : 3\r\n\r\nabc",
    "a space before the colon of the coding": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS,
    "a folded field": HEAD + b"X-A: b\r\n c\r\n\r\n",
    "a folded coding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS,
    "a folded first field": b"POST / HTTP/1.1\r\n Host: g\r\n" + LENGTH + b"\r\nabc",
    "line feeds alone": b"POST / HTTP/1.1\nHost: g\nContent-Length: 3\n\nabc",
    "a line feed alone in a field": HEAD + b"X: a\nContent-Length: 3\r\n\r\nabc",
    "a line feed alone behind the head": HEAD + LENGTH + b"\nabc",
    "a carriage return alone": HEAD + b"X: a\rContent-Length: 3\r\n\r\nabc",
    "a NUL": HEAD + b"X: a\0b\r\n\r\n",
    "a control character": HEAD + b"X: a\x01b\r\n\r\n",
    "a field without a name": HEAD + b": a\r\n\r\n",
    "a field without a colon": HEAD + b"X\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "no host but that of the target": b"GET http://g/ HTTP/1.1\r\n\r\n",
    "two hosts": HEAD + b"Host: h\r\n\r\n",
    "line feeds between chunks": CHUNKED + b"\r\n3\nabc\n0\n\n",
    "a line feed in an extension": CHUNKED + b"\r\n3;a\nabc\r\n0\r\n\r\n",
    "a chunk with a prefix": CHUNKED + b"\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"\r\n-3\r\nabc\r\n0\r\n\r\n",
    "a chunk beyond 64 bits": CHUNKED + b"\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
    "a space behind a chunk's size": CHUNKED + b"\r\n3 \r\nabc\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"\r\n3\r\nabcd\r\n0\r\n\r\n",
    "a chunk without an end": CHUNKED + b"\r\n3\r\nabcXX0\r\n\r\n",
    "a length behind the chunks": CHUNKED + b"\r\n0\r\nContent-Length: 3\r\n\r\n",
    "extensions in quantity": CHUNKED + b"\r\n" + b"1;%s\r\na\r\n" % (b"x" * 1000) * (HEAD_BYTES // 50) + b"0\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "another HTTP/1": b"GET / HTTP/1.2\r\nHost: g\r\n\r\n",
    "HTTP/2 by its name": b"GET / HTTP/2.0\r\nHost: g\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade with length and chunks": CHUNKED + LENGTH + b"Connection: upgrade\r\nUpgrade: x\r\n\r\n" + CHUNKS,
}


async def answers(port: int, data: bytes, pieces: int = 1) -> tuple[list[bytes], bool]:
    """The statuses of all answers until the server ends the connection, and whether it said it would."""
    size = -(-len(data) // pieces)
    async with connected(port) as (reader, writer):
        for at in range(0, len(data), size):
            writer.write(data[at : at + size])
            await writer.drain()
        writer.write_eof()
        got = await reader.read()
    return re.findall(rb"HTTP/1\.1 (\d+) ", got), b"connection: close" in got


@pytest.mark.parametrize("pieces", [1, 7])
async def test_what_has_two_readings_is_refused_and_ends_the_connection(pieces: int) -> None:
    async with served() as (_, port):
        got = {form: await answers(port, data + NEXT, pieces) for form, data in FORMS.items()}
    assert {form: each for form, each in got.items() if each != ([b"400"], True)} == {}


async def test_what_has_one_reading_is_answered_and_so_is_the_next() -> None:
    forms = [
        HEAD + LENGTH + b"\r\nabc",
        CHUNKED + b"\r\n" + CHUNKS,
        HEAD + b"Transfer-Encoding:\tChunked \r\n\r\n" + CHUNKS,
        CHUNKED + b"\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"\r\n" + b"1\r\na\r\n" * 900 + b"0\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: g\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: g\r\n\r\n",
    ]
    async with served() as (_, port):
        assert [(await answers(port, data + NEXT))[0] for data in forms] == [[b"200", b"200"]] * len(forms)


async def test_nothing_is_read_behind_a_request_of_http_1_0() -> None:
    async with served() as (_, port):
        got = await answers(port, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + NEXT)
    assert got == ([b"200"], True)
