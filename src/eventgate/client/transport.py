"""Requests over kept connections, and what goes wrong on the way, in words that name no address."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from eventgate.client.course import Lost
from eventgate.client.reading import Reply, is_of_a_gate, wait_asked
from eventgate.config.https.proxies import proxy_for
from eventgate.errors import EventGateError, SourceError
from eventgate.net.tls import tls_context

_LARGEST_ANSWER = 64 * 1024 * 1024
"""More than a gate says of the largest batch that it takes."""
_CHUNK = 256 * 1024


class Transport:
    """Connections to the gate at `url`, at most `connections` of them. Safe to use from any thread.

    `connect_seconds` bounds the way there, `read_seconds` the wait for an answer.
    Raises `EventGateError` where `url`, the CA bundle or the environment's proxy cannot be used.
    """

    def __init__(
        self, url: str, *, connections: int, connect_seconds: float, read_seconds: float, ca_bundle: bool | str
    ) -> None:
        self._base = _base(url)
        self._read_seconds = read_seconds
        self._open: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()
        self._is_cut = False
        timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        try:
            self._pools = _pools(self._base, ca_bundle, {"timeout": timeout, "maxsize": connections, "block": True})
        except SourceError as error:
            raise EventGateError(str(error)) from error
        self._pools.pool_classes_by_scheme = _noting(self)

    def exchange(self, path: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Reply | Lost:
        """Post `body`, or send it by another `method`; blocks until the answer is there or cannot come any more.

        Redirects are not followed.
        """
        if self._is_cut:
            return Lost("the client is closed", reached=False)
        try:
            response = self._pools.request(
                method,
                self._base + path,
                body=body or None,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            content = self._read(response)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return _lost(error)
        fields = response.headers
        reply = Reply(response.status, content, wait_asked(fields.get("Retry-After")), fields.get("Location"))
        if not _is_delimited(response) and not is_of_a_gate(reply):
            # An answer that broke off within its head looks like this: its end is the connection's.
            return Lost("it breaks the connection", reached=True)
        return reply

    def cut(self) -> None:
        """Break every connection, also those that another thread waits on, and make no new ones."""
        with self._lock:
            self._is_cut = True
            for connection in list(self._open):
                _shut(connection)
        self._pools.clear()

    def note(self, connection: HTTPConnection) -> None:
        """A connection has been made; raises `ConnectionError` if the transport is cut already."""
        with self._lock:
            self._open.add(connection)
            if self._is_cut:
                _shut(connection)
                raise ConnectionAbortedError

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The whole content. Sockets' time-outs begin anew with every byte; so the time is bounded here as well."""
        end = time.monotonic() + self._read_seconds
        content = bytearray()
        try:
            while chunk := response.read(_CHUNK):
                content += chunk
                if len(content) > _LARGEST_ANSWER or time.monotonic() > end:
                    response.close()
                    raise TimeoutError
        finally:
            response.release_conn()
        return bytes(content)


def _is_delimited(response: urllib3.BaseHTTPResponse) -> bool:
    """Whether the response itself says where it ends (RFC 9112, section 6.3)."""
    headers = response.headers
    length = headers.get("Content-Length", "").strip()  # empty: the head broke off just there
    return length != "" or "Transfer-Encoding" in headers or response.status in (204, 304)


def _noting(transport: Transport) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Pools whose connections tell the transport of themselves: urllib3 passes connections no arguments of ours."""

    class Http(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            transport.note(self)

    class Https(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.is_verified = True  # or refused; if not asked for, the caller knows and needs no warning
            transport.note(self)

    class HttpPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}


def _shut(connection: HTTPConnection) -> None:
    """Wake whoever waits on the connection. By the plain socket's method: TLS has state that its thread is using."""
    held = getattr(connection, "sock", None)
    if isinstance(held, socket.socket):
        with contextlib.suppress(OSError):
            socket.socket.shutdown(held, socket.SHUT_RDWR)


def _pools(base: str, ca_bundle: bool | str, options: dict[str, Any]) -> urllib3.PoolManager:
    address = urlsplit(base)
    if address.scheme == "https":
        options["ssl_context"] = _tls(ca_bundle)
    proxy = proxy_for(address)
    if proxy is None:
        return urllib3.PoolManager(**options)
    headers = urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
    secured = _tls(ca_bundle) if proxy.url.startswith("https:") else None
    return urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=secured, **options)


def _tls(ca_bundle: bool | str) -> ssl.SSLContext:
    try:
        return tls_context(ca_bundle)
    except (OSError, ValueError):
        raise EventGateError("the CA bundle cannot be read") from None


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        fits = False
    if not fits:
        raise EventGateError("the address of a gate looks like http://127.0.0.1:8080")
    return url.rstrip("/")


_FAILURES: tuple[tuple[type[Exception], Lost], ...] = (
    (urllib3.exceptions.NameResolutionError, Lost("its name does not resolve", reached=False)),
    (urllib3.exceptions.NewConnectionError, Lost("nothing listens there, or the way is barred", reached=False)),
    (urllib3.exceptions.ConnectTimeoutError, Lost("it does not answer in time", reached=False)),
    (urllib3.exceptions.ReadTimeoutError, Lost("its answer does not come in time", reached=True)),
    (TimeoutError, Lost("its answer does not end in time, or is too large", reached=True)),
    (urllib3.exceptions.ProxyError, Lost("the proxy does not let the connection through", reached=False)),
    (urllib3.exceptions.SSLError, Lost("its certificate is not trusted, or it does not speak TLS", reached=False)),
    (urllib3.exceptions.ProtocolError, Lost("it breaks the connection", reached=True)),
    (urllib3.exceptions.LocationValueError, Lost("its address is none", reached=False)),
)
_OTHER = Lost("the connection fails", reached=True)


def _lost(error: Exception) -> Lost:
    return next((lost for kind, lost in _FAILURES if isinstance(error, kind)), _OTHER)
