"""What can go wrong on the way to an address, in words that name no address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final

from urllib3 import exceptions

from eventgate.errors import SourceError

_ADDRESS: Final = "it is no address that can be asked"
_TEXTS: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (ssl.SSLCertVerificationError, "TLS certificate cannot be verified"),
    ((ssl.SSLError, exceptions.SSLError), "TLS fails"),
    ((socket.gaierror, exceptions.NameResolutionError), "name cannot be resolved"),
    (ConnectionRefusedError, "refused the connection"),
    (exceptions.NewConnectionError, "cannot be reached"),
    ((TimeoutError, exceptions.TimeoutError), "timed out"),
    (exceptions.DecodeError, "the answer cannot be decompressed"),
    ((exceptions.LocationValueError, UnicodeError), _ADDRESS),
    ((exceptions.HTTPError, HTTPException, ConnectionError), "the answer is no HTTP, or breaks off"),
    (OSError, "cannot be reached"),
)
"""The first that fits any exception of the chain counts: exact causes stand before what wraps them."""


def explain(error: BaseException) -> SourceError:
    """What `error`, raised by urllib3 or the standard library under it, means."""
    chain = list(_causes(error))
    causes = [link for link in chain if not isinstance(link, exceptions.ProxyError)]
    proxy = "proxy: " if len(causes) < len(chain) else ""
    if proxy and all(type(link) is OSError for link in causes):  # how http.client says that a tunnel was denied
        return SourceError("proxy: does not let the request through")
    for kinds, text in _TEXTS:
        if any(isinstance(link, kinds) for link in causes):
            return SourceError(proxy + text)
    return SourceError(f"failed with {type(error).__name__}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it says it came from: a cause, or an exception among its arguments, as urllib3 wraps them."""
    pending = [error]
    seen: set[int] = set()
    while pending:
        link = pending.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        pending += [argument for argument in link.args if isinstance(argument, BaseException)]
        pending += [link.__cause__] if link.__cause__ else []
