"""HTTP as bytes on a socket, for what no client library lets a test do."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """One response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A connection to a server on this machine."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)
        self._reader = self._socket.makefile("rb")

    def fileno(self) -> int:
        """The socket's descriptor: to wait for an answer with `select`."""
        return self._socket.fileno()

    def send(self, content: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(content)

    def line(self) -> bytes:
        """The next line."""
        return self._reader.readline()

    def answer(self) -> Answer:
        """The next response."""
        status = int(self.line().split()[1])
        headers = {name.lower(): value for name, value in http.client.parse_headers(self._reader).items()}
        return Answer(status, headers, self._reader.read(int(headers.get("content-length", "0"))))

    def rest(self) -> bytes:
        """All that comes until the server ends the connection, however it does."""
        with suppress(ConnectionResetError):
            return self._reader.read()
        return b""

    def close(self) -> None:
        """End the connection."""
        self._reader.close()
        self._socket.close()


def get(
    port: int, target: str, *, method: str = "GET", host: str = "127.0.0.1", headers: Mapping[str, str] | None = None
) -> Answer:
    """The response to a request without a body, on a connection of its own."""
    with closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)) as connection:
        connection.request(method, target, headers=dict(headers or {}))
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())


def until_refused(port: int) -> None:
    """Return once nothing listens on the port any more."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        try:
            Connection(port).close()
        except ConnectionError:
            return
    raise AssertionError("the server goes on accepting connections")
