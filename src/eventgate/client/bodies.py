"""From events to requests: the bytes, and the headers that say what they are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from eventgate.core.ids import is_event_id, uuid7
from eventgate.errors import EventGateError

Event = bytes | str | Mapping[str, Any] | Sequence[Any]
"""An event as its JSON text (bytes or str), which is sent as it is, or as a mapping or list to make the text of."""

_WHITE_SPACE = b" \t\r\n"
_WORTH_PRESSING = 1024
"""Bytes below which gzip saves nothing worth its time."""


class Outgoing(msgspec.Struct, frozen=True):
    """A request but for what changes between attempts: the token and the receipt."""

    path: str
    key: str
    headers: Mapping[str, str]
    body: bytes


def as_text(event: Event) -> bytes:
    """The JSON text of `event`; raises `EventGateError` for what has none (NaN, say)."""
    if isinstance(event, bytes):
        return event
    try:
        if isinstance(event, str):
            return event.encode()
        return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise EventGateError("an event that cannot be written as JSON") from None


def single(topic: str, event: bytes, key: str) -> Outgoing:
    """The request that posts one event."""
    return Outgoing(_path(topic), key, {"Content-Type": "application/json", "Idempotency-Key": _field(key)}, event)


def batch(topic: str, events: Sequence[bytes], key: str, compress: bool) -> Outgoing:
    """The request that posts `events`, a line each, as NDJSON, pressed by gzip if that is worth it."""
    body = b"".join(event + b"\n" for event in events)
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": _field(key)}
    if compress and len(body) >= _WORTH_PRESSING:
        # mtime fixed: the same events are the same bytes at every attempt.
        body = gzip.compress(body, compresslevel=6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Outgoing(_path(topic), key, headers, body)


def new_key(key: str | None) -> str:
    """`key`, or a new one; raises `EventGateError` for one that no event can have."""
    if key is None:
        return uuid7()
    if not is_event_id(key) or key != key.strip():
        raise EventGateError("a key has 1 to 255 characters, no control characters, and no space at its ends")
    return key


def known_receipt(receipt: str | None) -> str | None:
    """`receipt`; raises `EventGateError` for one that cannot stand in a header."""
    if receipt is not None and not (receipt.isascii() and receipt.isprintable()):
        raise EventGateError("this is no receipt: it holds foreign characters")
    return receipt or None


def as_line(event: bytes) -> bytes:
    """`event` on one line: its line breaks become spaces, since in JSON they can only be white space.

    Raises `EventGateError` for an event without any text, which a gate would take for no event at all.
    """
    line = event.strip(_WHITE_SPACE).replace(b"\r", b" ").replace(b"\n", b" ")
    if not line:
        raise EventGateError("an event of a batch is empty")
    return line


def _path(topic: str) -> str:
    return f"/topics/{quote(topic, safe='')}"


def _field(key: str) -> str:
    """The UTF-8 bytes of `key` as the standard library's HTTP client takes header values."""
    return key.encode().decode("latin-1")
