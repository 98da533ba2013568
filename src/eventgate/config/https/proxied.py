"""A GET through a proxy, with urllib3, which speaks TLS to proxies and through them; imported with the first one."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import SplitResult

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from eventgate.config.https import faults
from eventgate.config.https.answers import ASKING, Answer
from eventgate.config.https.direct import trusting
from eventgate.config.https.line import Line
from eventgate.config.https.proxies import Proxy
from eventgate.errors import SourceError

logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of names addresses

_TEXTS: Final[faults.Texts] = (
    (exceptions.SSLError, faults.TLS),
    (exceptions.NameResolutionError, faults.NO_NAME),
    (exceptions.NewConnectionError, faults.UNREACHABLE),
    (exceptions.TimeoutError, faults.TIMED_OUT),
    (exceptions.LocationValueError, faults.NO_ADDRESS),
    (exceptions.HTTPError, faults.NO_HTTP),
)
"""What the standard library's exceptions, which stand within these, do not say more exactly."""

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
def ask_through(proxy: Proxy, address: SplitResult, line: Line, ca_bundle: bool | str) -> Iterator[Answer]:
    """The answer that `proxy` brings from the server at `address`, over `line`; raises `SourceError`."""
    try:
        with _pools(proxy, address, line, ca_bundle) as pools:
            response = pools.request(
                "GET",
                address.geturl(),
                headers=ASKING,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                yield Answer.of(response.status, response.headers.items(), response.read)
            finally:
                response.close()
    except SourceError:
        raise
    except Exception as error:
        raise explain(error) from None


@contextlib.contextmanager
def _pools(proxy: Proxy, address: SplitResult, line: Line, ca_bundle: bool | str) -> Iterator[urllib3.ProxyManager]:
    options: dict[str, Any] = {"timeout": urllib3.Timeout(connect=line.timeout, read=line.timeout)}
    if address.scheme == "https":
        options["ssl_context"] = trusting(ca_bundle)
    headers = urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
    secured: ssl.SSLContext | None = trusting(ca_bundle) if proxy.url.startswith("https:") else None
    pools = urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=secured, **options)
    pools.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    _current.line = line
    try:
        yield pools
    finally:
        pools.clear()


def explain(error: BaseException) -> SourceError:
    """What `error`, raised by urllib3 or the standard library under it, means."""
    chain = list(faults.causes(error))
    causes = [link for link in chain if not isinstance(link, exceptions.ProxyError)]
    proxy = "proxy: " if len(causes) < len(chain) else ""
    if proxy and all(type(link) is OSError for link in causes):  # how http.client says that a tunnel was denied
        return SourceError("proxy: does not let the request through")
    text = faults.text_for(causes, faults.EXACT + _TEXTS + faults.VAGUE)
    return SourceError(proxy + text) if text else faults.unforeseen(error)
