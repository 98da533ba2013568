"""What can go wrong on the way to an address, in words that name no address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from typing import Final

from eventgate.errors import SourceError

Texts = tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]

TLS: Final = "TLS fails"
NO_NAME: Final = "name cannot be resolved"
UNREACHABLE: Final = "cannot be reached"
TIMED_OUT: Final = "timed out"
NO_ADDRESS: Final = "it is no address that can be asked"
NO_HTTP: Final = "the answer is no HTTP, or breaks off"

EXACT: Final[Texts] = (
    (ssl.SSLCertVerificationError, "TLS certificate cannot be verified"),
    (ssl.SSLError, TLS),
    (socket.gaierror, NO_NAME),
    (ConnectionRefusedError, "refused the connection"),
    (TimeoutError, TIMED_OUT),
    (UnicodeError, NO_ADDRESS),
)
"""The first that fits any exception of the chain counts: exact causes stand before what wraps them."""
VAGUE: Final[Texts] = (
    ((HTTPException, ConnectionError), NO_HTTP),
    (OSError, UNREACHABLE),
)


def explain(error: BaseException) -> SourceError:
    """What `error`, raised by the standard library, means."""
    text = text_for(list(causes(error)), EXACT + VAGUE)
    return SourceError(text) if text else unforeseen(error)


def unforeseen(error: BaseException) -> SourceError:
    """What is said of an error that nobody thought of."""
    return SourceError(f"failed with {type(error).__name__}")


def text_for(links: Iterable[BaseException], texts: Texts) -> str | None:
    """The first of `texts` that fits one of `links`."""
    return next((text for kinds, text in texts if any(isinstance(link, kinds) for link in links)), None)


def causes(error: BaseException) -> Iterator[BaseException]:
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
