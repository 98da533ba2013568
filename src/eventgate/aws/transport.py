"""How botocore's requests travel: over lines that can be cut, by the gate's certificates and the environment's proxies.

Imports botocore: for modules that are loaded only when AWS is asked for something.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection, AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager

from eventgate.aws.line import Line
from eventgate.net.loopback import is_loopback
from eventgate.net.tls import tls_context

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 60.0
"""Longest wait for one operation of a socket; a call's own deadline cuts its line long before."""
IDLE_SECONDS: Final = 15.0
"""An idle connection older than this is not used again: the other side may have closed it, and a frozen Lambda
environment does not notice before the request is on its way."""

for _name in ("botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # what they log names addresses and resources

current = threading.local()
"""`line`: that of the call which this thread is for; urllib3 gives connections no arguments of ours."""


class _Http(AWSHTTPConnection):
    _used = (0.0, 0.0)

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()
        try:
            _line().hold(connected)
        except BaseException:
            connected.close()
            raise
        return connected

    def request(self, *arguments: Any, **more: Any) -> Any:
        if self.sock is None:
            self.connect()
        else:
            _line().hold(self.sock)
        _line().begin()
        self._used = (time.monotonic(), time.time())
        return super().request(*arguments, **more)

    @property
    def is_stale(self) -> bool:
        """Whether it lay idle for too long, by either clock: a frozen machine's may stand still."""
        now = (time.monotonic(), time.time())
        return self.sock is not None and any(abs(n - u) > IDLE_SECONDS for n, u in zip(now, self._used, strict=True))


class _Https(_Http, AWSHTTPSConnection):  # type: ignore[misc]
    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # or refused; if not asked for, the operator knows and needs no warning


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Http

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        if getattr(connection, "is_stale", False):
            connection.close()
        return connection


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _Https


class Transport:
    """Sends prepared requests; keeps connections open for the next ones."""

    def __init__(self, ca_bundle: bool | str, connections: int) -> None:
        self._ca_bundle = ca_bundle
        self._connections = connections
        self._sessions: dict[str, URLLib3Session] = {}
        self._lock = threading.Lock()

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """The answer to `request`; a handler of botocore's event `before-send`, in whose place it sends."""
        return self._session(request.url).send(request)

    def close(self) -> None:
        """Close the idle connections; those in use belong to their lines."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _session(self, url: str) -> URLLib3Session:
        host = urlsplit(url).netloc
        with self._lock:
            if host not in self._sessions:
                proxies = {} if is_loopback(urlsplit(url).hostname or "") else get_environ_proxies(url)
                self._sessions[host] = _Session(self._ca_bundle, proxies, self._connections)
            return self._sessions[host]


class _Session(URLLib3Session):
    def __init__(self, ca_bundle: bool | str, proxies: dict[str, str], connections: int) -> None:
        self._context = tls_context(ca_bundle)
        super().__init__(
            verify=ca_bundle is not False,
            proxies=proxies,
            timeout=(CONNECT_SECONDS, READ_SECONDS),  # type: ignore[arg-type] # the stubs know whole seconds only
            max_pool_connections=connections,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # type: ignore[list-item] # names, they say
        )
        self._pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        self._manager: PoolManager
        self._manager.pool_classes_by_scheme = self._pool_classes_by_scheme

    def _get_ssl_context(self) -> ssl.SSLContext:
        return self._context

    def _setup_ssl_cert(self, conn: Any, url: str, verify: bool) -> None:
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


def _line() -> Line:
    line: Line = current.line
    return line
