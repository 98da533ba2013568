"""From the bytes of a connection to requests, by httptools."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

import httptools

from eventgate.core.limits import MAX_HEADER_BYTES
from eventgate.errors import HeadersTooLarge, MalformedRequest
from eventgate.server.exchange import Connection, Exchange

HEAD_BYTES = 2 * MAX_HEADER_BYTES
"""How many bytes of an unfinished head are read. Above what the gate takes, so that it can say so in its own words."""
FRAMING_BYTES = 16
"""For each byte of a body in chunks, so many bytes around it are read besides `HEAD_BYTES`: sizes, not extensions."""


class Reader:
    """Parses requests, and calls `found` with each as soon as its head is complete; its body comes later.

    `in_head` and `in_body` say what was cut off by the end of the bytes so far; `begun` counts the requests.
    """

    __deletable__ = ("_parser",)  # for the compiled gate, whose classes allow no other `del`

    def __init__(self, connection: Connection, found: Callable[[Exchange], None]) -> None:
        self.in_head = self.in_body = False
        self.begun = 0
        self._connection = connection
        self._found = found
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._exchange: Exchange | None = None
        self._unfinished = self._framing = 0
        self._hosts = 0
        self._chunked = False

    def feed(self, data: bytes) -> None:
        """Parse; raises `MalformedRequest` or `HeadersTooLarge`, and is of no use then."""
        self._unfinished += len(data)
        if self.in_body:
            self._framing += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            raise MalformedRequest from None
        if self._unfinished > HEAD_BYTES:
            raise HeadersTooLarge(f"more than {MAX_HEADER_BYTES} bytes of header fields")
        if self._framing > HEAD_BYTES:
            raise MalformedRequest

    @property
    def unfinished_head(self) -> list[tuple[bytes, bytes]]:
        """The header fields so far of a request whose head is not complete, or was refused."""
        return self._headers if self.in_head else []

    def drop(self) -> None:
        """Nobody wants what is still to come of the body that is being read."""
        self._exchange = None

    def close(self) -> None:
        """Let go of the parser: it and this refer to each other, and would stay until garbage is collected."""
        self._exchange = None
        del self._parser

    def _check(self, name: bytes, value: bytes) -> None:
        """Raises for what two servers in a row may read differently: then one sees a request where the other sees none.

        The parser refuses the rest: other white space and line ends, two lengths, a length beside chunks.
        """
        if name == b"host":
            self._hosts += 1
            if self._hosts > 1:
                raise MalformedRequest
        else:
            self._chunked = True
            if value.strip().lower() != b"chunked":
                raise MalformedRequest

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The parser takes it for the end of HTTP, and the request for one without a body. The gate offers no
            # upgrade, so the request counts as if it had not asked for one (RFC 9110, section 7.8).
            self._parser.feed_data(self._head_without_upgrade())
            self._parse(memoryview(data)[upgrade.args[0] :])

    def _head_without_upgrade(self) -> bytes:
        fields = b"".join(b"%s: %s\r\n" % field for field in self._headers if field[0] != b"upgrade")
        return b"%s %s HTTP/1.1\r\n%s\r\n" % (self._parser.get_method(), self._target, fields)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self.in_head = True
        self.begun += 1
        self._unfinished = self._framing = 0
        self._target = b""
        self._headers = []
        self._hosts = 0
        self._chunked = False

    def on_url(self, part: bytes) -> None:
        """A part of the request's target."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field; one after the body is dropped (RFC 9110, section 6.5.1)."""
        if self.in_head:
            name = name.lower()
            if name in _DECISIVE:
                self._check(name, value)
            self._headers.append((name, value.rstrip(b" \t")))  # the parser trims the front only

    def on_headers_complete(self) -> None:
        """A request's head is there."""
        parser = self._parser
        self._unfinished = 0
        method = parser.get_method()
        if parser.should_upgrade():
            if method == b"CONNECT":  # the gate is no proxy, whatever the target (RFC 9110, section 9.3.6)
                raise MalformedRequest
            self.in_head = False
            return
        keep_alive = parser.should_keep_alive()
        if (version := parser.get_http_version()) == "1.1":
            if not self._hosts:  # RFC 9112, section 3.2
                raise MalformedRequest
        else:
            if version != "1.0" or self._chunked:  # 1.0 knows no chunks: its proxies see another end of the body
                raise MalformedRequest
            keep_alive = False
            self._headers = [field for field in self._headers if field[0] != b"expect"]  # RFC 9110, section 10.1.1
        self.in_head = False
        path = _known_path(self._target) if len(self._target) <= _REMEMBERED_BYTES else _path(self._target)
        self._exchange = Exchange(self._connection, method.decode(), path, self._headers, keep_alive)
        self.in_body = True
        self._found(self._exchange)

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._unfinished = 0
        self._framing -= (FRAMING_BYTES + 1) * len(part)
        if self._exchange is not None:
            self._exchange.add(part)

    def on_message_complete(self) -> None:
        """A request is there, body and all."""
        self.in_body = False
        self._unfinished = 0
        if self._exchange is not None:
            self._exchange.end()
            self._exchange = None


def _path(target: bytes) -> str:
    """The percent-decoded path in a request's target (RFC 9112, section 3.2); raises whatever if there is none."""
    path = httptools.parse_url(target).path.decode("ascii")
    return unquote(path) if "%" in path else path


_DECISIVE = frozenset({b"host", b"transfer-encoding"})
_REMEMBERED_BYTES = 256
_known_path = lru_cache(maxsize=512)(_path)
"""For targets of up to 256 bytes: those of a gate's routes are short, and few."""
