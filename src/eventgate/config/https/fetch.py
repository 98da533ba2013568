"""Reads a document from an http or https address, whatever the server does, within a total time and size."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from eventgate.config.https.answers import Answer, Body
from eventgate.config.https.direct import ask_directly
from eventgate.config.https.faults import explain
from eventgate.config.https.line import Line
from eventgate.config.https.proxies import proxy_for
from eventgate.errors import SourceError

MAX_REDIRECTS: Final = 3
MAX_UNFINISHED: Final = 16
"""Fetches under way at once in a process, given-up ones included: who hangs in a name look-up cannot be stopped."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_places = threading.BoundedSemaphore(MAX_UNFINISHED)


async def fetch(url: str, *, timeout: float, max_bytes: int, ca_bundle: bool | str) -> bytes:  # noqa: ASYNC109  the thread needs it as well
    """The body that a GET of `url` is answered with (200), decompressed.

    `timeout` (seconds) holds for everything together: name, connection, redirects, a server that sends a byte now and
    then. At most `max_bytes` are read. `ca_bundle`: True for the system's certificates, False for no verification, or
    the path of a PEM file or of a directory that OpenSSL understands. Proxies are the environment's. At most
    `MAX_REDIRECTS` redirects are followed, none from https to http. No cookies, no retries.
    Raises `SourceError` with a text that names no address.

    A thread of its own does the work. When time is up or the caller is cancelled, its connection is cut.
    """
    if timeout <= 0:
        raise SourceError("timed out")
    if not _places.acquire(blocking=False):
        raise SourceError("too many earlier requests hang")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Body] = loop.create_future()
    line = Line(timeout)

    def work() -> None:
        result = _result(url, line, max_bytes, ca_bundle)
        line.cut()
        _places.release()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_settle, answer, result)

    threading.Thread(target=work, name="eventgate-fetch", daemon=True).start()
    try:
        async with asyncio.timeout(timeout):
            return await (await answer).content()
    except TimeoutError:
        raise SourceError("timed out") from None
    finally:
        line.cut()


def _settle(answer: asyncio.Future[Body], result: Body | SourceError) -> None:
    if answer.done():
        return
    if isinstance(result, SourceError):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _result(url: str, line: Line, max_bytes: int, ca_bundle: bool | str) -> Body | SourceError:
    try:
        return _follow(url, line, max_bytes, ca_bundle)
    except SourceError as error:
        return error
    except Exception as error:
        return explain(error)


def _follow(url: str, line: Line, max_bytes: int, ca_bundle: bool | str) -> Body:
    address = _address(url)
    for _ in range(MAX_REDIRECTS + 1):
        with _asking(address, line, ca_bundle) as answer:
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return Body(answer, max_bytes)
            address = _redirected(address, location)
    raise SourceError("redirects too often")


def _asking(address: SplitResult, line: Line, ca_bundle: bool | str) -> AbstractContextManager[Answer]:
    proxy = proxy_for(address)
    if proxy is None:
        return ask_directly(address, line, ca_bundle)
    from eventgate.config.https.proxied import ask_through  # and with it urllib3, an eighth of a cold start

    return ask_through(proxy, address, line, ca_bundle)


def _address(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        if address.scheme in ("http", "https") and address.hostname and address.port != 0:
            return address._replace(fragment="")
    except ValueError:
        pass
    raise SourceError("it is no http or https address")


def _redirected(address: SplitResult, location: str) -> SplitResult:
    try:
        target = _address(urljoin(address.geturl(), location))
    except (SourceError, ValueError):
        raise SourceError("redirects to what is no http or https address") from None
    if address.scheme == "https" and target.scheme != "https":
        raise SourceError("redirects from https to http")
    return target
