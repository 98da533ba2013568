"""What is read of a request's head."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.errors import HeadersTooLarge, MalformedRequest
from eventgate.server.exchange import Exchange
from eventgate.server.intake import Intake
from eventgate.server.reading import HEAD_BYTES, Reader


class Connection:
    """Never asked."""

    transport: asyncio.Transport
    intake = Intake()

    def pause(self) -> None:
        raise AssertionError

    def read_on(self) -> None:
        raise AssertionError


def read(data: bytes, size: int = 0) -> list[Exchange]:
    """The requests in `data`, fed whole or in pieces of `size` bytes."""
    found: list[Exchange] = []
    reader = Reader(Connection(), found.append)
    for at in range(0, len(data), size or len(data)):
        reader.feed(data[at : at + (size or len(data))])
    return found


@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_request_is_the_same_however_it_is_cut(size: int) -> None:
    (exchange,) = read(b"POST /a HTTP/1.1\r\nHost: g\r\nX-A: 1\r\nx-a:2\r\nContent-Length: 2\r\n\r\nab", size)
    assert (exchange.method, exchange.path, exchange.keep_alive) == ("POST", "/a", True)
    assert list(exchange.headers) == [(b"host", b"g"), (b"x-a", b"1"), (b"x-a", b"2"), (b"content-length", b"2")]
    assert exchange.complete
    assert exchange.size == 2


@pytest.mark.parametrize("value", [b"1", b" 1 ", b"\t1\t", b"1 \t "])
def test_white_space_around_a_value_is_no_part_of_it(value: bytes) -> None:
    (exchange,) = read(b"GET /a HTTP/1.1\r\nHost: g\r\nX-A:" + value + b"\r\n\r\n")
    assert list(exchange.headers) == [(b"host", b"g"), (b"x-a", b"1")]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/b?c=/d#e", "/a/b"),
        (b"/%61%2Fb", "/a/b"),
        (b"/%C3%A4", "/ä"),
        (b"http://host:1/a?b", "/a"),
        (b"//host/a", "//host/a"),
        (b"*", "*"),
        (b"/" + b"a" * 1000, "/" + "a" * 1000),
    ],
)
def test_the_path_is_decoded_and_alone(target: bytes, path: str) -> None:
    for _ in range(2):  # the second time from memory
        (exchange,) = read(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: g\r\n\r\n")
        assert exchange.path == path


@pytest.mark.parametrize("target", [b"http://host", b"host:443", b"/\xc3\xa4", b"/a b"])
def test_a_target_without_a_path_is_malformed(target: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read(b"GET " + target + b" HTTP/1.1\r\nHost: g\r\n\r\n")


@pytest.mark.parametrize("target", [b"host:443", b"/topics", b"http://host/topics", b"*"])
def test_a_tunnel_is_malformed(target: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read(b"CONNECT " + target + b" HTTP/1.1\r\nHost: host:443\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (b"GET / HTTP/1.1\r\nHost: g\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_only_http_1_1_keeps_a_connection(head: bytes, keep_alive: bool) -> None:
    """An answer to HTTP/1.0 would have to say that it does, and few clients care."""
    assert [exchange.keep_alive for exchange in read(head)] == [keep_alive]


def test_a_head_without_end_is_too_large() -> None:
    with pytest.raises(HeadersTooLarge):
        read(b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * HEAD_BYTES, 1000)


def test_many_heads_in_one_piece_are_not() -> None:
    assert len(read(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n" * HEAD_BYTES)) == HEAD_BYTES


def test_a_large_body_is_none() -> None:
    head = b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: %d\r\n\r\n" % (10 * HEAD_BYTES)
    found: list[Exchange] = []
    reader = Reader(Connection(), found.append)
    reader.feed(head)
    reader.drop()
    for _ in range(10):
        reader.feed(bytes(HEAD_BYTES))
    assert not reader.in_body
