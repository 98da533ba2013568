"""The sockets that a server listens on, opened once and inherited by its workers."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from eventgate.errors import EventGateError

BACKLOG = 2048
"""Connections that the kernel may keep waiting; it has a bound of its own as well (`net.core.somaxconn`)."""

SMALLEST_BACKLOG = 0 if sys.platform == "linux" else 1
"""Linux lets one connection wait all the same; elsewhere 0 may mean the default."""

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class CannotListen(EventGateError):
    """The address cannot be listened on; the message is one line for people."""


class Listener:
    """Listening sockets of one host and port: a host such as `localhost` has several addresses."""

    def __init__(self, host: str, sockets: Sequence[socket.socket]) -> None:
        self.host = host
        self.sockets = sockets
        self.port: int = sockets[0].getsockname()[1]

    @classmethod
    def open(cls, host: str, port: int) -> Listener:
        """Listen on every address of `host`; port 0 takes a free one, the same for all. Raises `CannotListen`."""
        if not 0 <= port <= 65535:
            raise CannotListen(f"cannot listen on {_shown(host)}:{port}: a port is a number from 0 to 65535")
        sockets: list[socket.socket] = []
        absent: OSError | None = None
        try:
            for family, address in _addresses(host, port):
                if port == 0 and sockets:
                    address = (address[0], sockets[0].getsockname()[1], *address[2:])
                try:
                    sockets.append(_listen(family, address))
                except OSError as error:
                    if error.errno not in _NOT_HERE:
                        raise
                    absent = error
            if absent is not None and not sockets:
                raise absent
        except OSError as error:
            for each in sockets:
                each.close()
            raise CannotListen(f"cannot listen on {_shown(host)}:{port}: {_reason(error)}") from None
        return cls(host, sockets)

    def url(self, scheme: str) -> str:
        """Where clients reach the server."""
        return f"{scheme}://{_shown(self.host)}:{self.port}"

    def close(self) -> None:
        """Let go of the sockets, and let hardly any connection wait to be taken from now on.

        What waits is lost once every process has let go; meanwhile the workers take it. Whoever comes later waits to
        be connected, and is refused then.
        """
        for each in self.sockets:
            with suppress(OSError):
                each.listen(SMALLEST_BACKLOG)  # of the socket itself, which all processes share
            each.close()


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _listen(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host or "0.0.0.0"  # noqa: S104  # shown, not bound


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    if isinstance(error, socket.gaierror):
        return "no such host"
    return os.strerror(error.errno).lower() if error.errno else "not possible"
