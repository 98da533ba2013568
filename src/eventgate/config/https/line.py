"""Connections that another thread can cut, and urllib3 pools that make such connections."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from eventgate.config.https.proxies import proxy_for
from eventgate.errors import SourceError
from eventgate.net.tls import tls_context

logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of names addresses


class Line:
    """Holds on to the sockets of one fetch. Safe to use from any thread.

    Time-outs of sockets begin anew with every byte; so a slow server is stopped by cutting the line.
    """

    def __init__(self, timeout: float) -> None:
        """`timeout` (seconds) is how long one operation of a socket may take, should nobody cut the line."""
        self.timeout = timeout
        self._lock = threading.Lock()
        self._cut = False
        self._sockets: list[socket.socket] = []

    def hold(self, connected: socket.socket) -> socket.socket:
        """Take note of a new socket; raises `TimeoutError` if the line is cut already.

        A duplicate is kept: TLS takes the original's descriptor away.
        """
        with self._lock:
            if self._cut:
                connected.close()
                raise TimeoutError
            self._sockets.append(connected.dup())
            return connected

    def cut(self) -> None:
        """Shut down all connections: whoever waits for one of them wakes up. May be called again."""
        with self._lock:
            self._cut = True
            for held in self._sockets:
                with contextlib.suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)
                held.close()
            self._sockets.clear()


_current = threading.local()
"""The line of the fetch that this thread is for: urllib3 gives connections no arguments of ours."""


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        line: Line = _current.line
        return line.hold(super()._new_conn())


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        line: Line = _current.line
        return line.hold(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # or refused; if not asked for, the operator knows and needs no warning


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


@contextlib.contextmanager
def manager(address: SplitResult, line: Line, ca_bundle: bool | str) -> Iterator[urllib3.PoolManager]:
    """A pool manager to reach `address` with, through a proxy if need be, over `line`, within this thread.

    Raises `SourceError` for a CA bundle or a proxy that cannot be used.
    """
    options: dict[str, Any] = {"timeout": urllib3.Timeout(connect=line.timeout, read=line.timeout)}
    if address.scheme == "https":
        options["ssl_context"] = _tls(ca_bundle)
    proxy = proxy_for(address)
    if proxy is None:
        pools = urllib3.PoolManager(**options)
    else:
        headers = urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
        secured = _tls(ca_bundle) if proxy.url.startswith("https:") else None
        pools = urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=secured, **options)
    pools.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    _current.line = line
    try:
        yield pools
    finally:
        pools.clear()


def _tls(ca_bundle: bool | str) -> ssl.SSLContext:
    try:
        return tls_context(ca_bundle)
    except (OSError, ValueError):
        raise SourceError("the CA bundle cannot be read") from None
