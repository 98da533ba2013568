"""Whatever bytes a connection brings: requests or a refusal, and the same however they are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventgate.errors import HeadersTooLarge, MalformedRequest
from eventgate.server.exchange import Exchange
from eventgate.server.reading import Reader
from tests.server.test_bodies import Connection

PIECES = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a%20b?c HTTP/1.1\r\n",
        b"POST http://g/a HTTP/1.0\r\n",
        b"Host: g\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"X: \xff\xfe\r\n",
        b"\r\n",
        b"abc",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=8), max_size=12).map(b"".join)
Seen = tuple[list[tuple[str, str, int, bool, bool]], str]
"""Of each request its method, path, size and whether it is complete and keeps the connection; and the refusal."""


def read(parts: list[bytes]) -> Seen:
    """What is found in `parts`, which come one after the other."""
    found: list[Exchange] = []
    reader = Reader(Connection(), found.append)
    refusal = ""
    try:
        for part in parts:
            reader.feed(part)
    except (MalformedRequest, HeadersTooLarge) as refused:
        refusal = type(refused).__name__
    return [(each.method, each.path, each.size, each.complete, each.keep_alive) for each in found], refusal


@given(STREAMS, st.integers(1, 9))
def test_any_bytes_are_requests_or_a_refusal_however_they_are_cut(stream: bytes, size: int) -> None:
    whole = read([stream])
    assert read([stream[at : at + size] for at in range(0, len(stream), size)]) == whole
