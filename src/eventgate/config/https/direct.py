"""A GET straight to its server, with the standard library: this is on the way of most cold starts."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, quote

from eventgate.config.https.answers import ASKING, Answer
from eventgate.config.https.line import Line
from eventgate.errors import SourceError
from eventgate.net.tls import tls_context

_IN_TARGETS = "!#$%&'()*+,/:;=?@[]~"
"""What stands for itself in a request's path and query; anything else beside letters and digits is escaped."""


@contextlib.contextmanager
def ask_directly(address: SplitResult, line: Line, ca_bundle: bool | str) -> Iterator[Answer]:
    """The answer of the server at `address`, over `line`.

    Raises `SourceError` for a CA bundle that cannot be used, and what the standard library raises.
    """
    with contextlib.ExitStack() as stack:
        connection = _connection(address, line, ca_bundle)
        stack.callback(connection.close)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection.request("GET", quote(target, safe=_IN_TARGETS), headers=ASKING)
        response = connection.getresponse()
        stack.callback(response.close)
        yield Answer.of(response.status, response.getheaders(), response.read)


class _Response(HTTPResponse):
    """Tells a body that breaks off from one that has ended."""

    def read(self, amt: int | None = None) -> bytes:
        content = super().read(amt)
        if self.length and (amt is None or len(content) < amt):
            raise IncompleteRead(content, self.length)
        return content


def _connection(address: SplitResult, line: Line, ca_bundle: bool | str) -> HTTPConnection:
    """Connected already: in this way `line` holds the socket before anyone waits for it."""
    host = address.hostname or ""
    connection: HTTPConnection
    if address.scheme == "https":
        context = trusting(ca_bundle)
        connection = HTTPSConnection(host, address.port or HTTPS_PORT, context=context)
        connection.sock = context.wrap_socket(_connected(connection, line), server_hostname=host)
    else:
        connection = HTTPConnection(host, address.port or HTTP_PORT)
        connection.sock = _connected(connection, line)
    connection.response_class = _Response
    return connection


def _connected(connection: HTTPConnection, line: Line) -> socket.socket:
    return line.hold(socket.create_connection((connection.host, connection.port), line.timeout))


def trusting(ca_bundle: bool | str) -> ssl.SSLContext:
    """The context for `ca_bundle`; raises `SourceError` where that cannot be read."""
    try:
        return tls_context(ca_bundle)
    except (OSError, ValueError):
        raise SourceError("the CA bundle cannot be read") from None
