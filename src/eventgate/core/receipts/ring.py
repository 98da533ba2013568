"""Signing receipts and opening them: HMAC-SHA-256 (RFC 2104) under one of several keys, each with its id."""

from __future__ import annotations

import binascii
import hmac
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from eventgate.core.model import WriteResult
from eventgate.core.receipts import content as form
from eventgate.core.receipts.content import Content
from eventgate.core.receipts.scope import Scope
from eventgate.errors import ReceiptMismatch

MAX_CHARACTERS: Final = 16 * 1024
"""Longest receipt that is issued or read: half of the header bytes that the gate takes."""

_SINGLE_BYTES: Final = 450
"""600 characters: past this, a single event's receipt does without positions."""
_BYTES_A_WRITER: Final = 150
_VERSION: Final = b"\x01"
_PURPOSE: Final = b"eventgate receipt\0"
"""Stands before what is signed, so that no signature made with the same key for something else will do."""
_MAC_BYTES: Final = 32
_LATEST: Final = 2**40
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")

_DAMAGED = (msgspec.DecodeError, ValueError, zlib.error)


class Receipt:
    """An opened receipt: the event's id, or a batch's own, and what need not be done again."""

    def __init__(self, event_id: str, content: Content, digits: str, columns: Sequence[tuple[int, str]]) -> None:
        self.event_id = event_id
        self._columns = columns
        self._digits = digits
        self._width = content.width
        self._details = content.details

    def settled(self, index: int = 0) -> dict[str, WriteResult]:
        """The writers that have item `index` (`delivered`, `duplicate`) or for which it is `deferred`."""
        found = {}
        row = index * self._width
        for column, name in self._columns:
            detail = self._details[column] if self._details else None
            result = form.settled_result(self._digits[row + column], detail)
            if result is not None:
                found[name] = result
        return found


class Receipts:
    """Issues receipts under the key `active`, and opens those of any of `keys`. Keeps nothing.

    `clock` gives epoch seconds. A receipt counts for `ttl_seconds` after it was issued.
    """

    def __init__(
        self,
        active: str,
        keys: Mapping[str, bytes],
        ttl_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = {key_id.encode("ascii"): key for key_id, key in keys.items()}
        self._key = keys[active]
        self._head = _VERSION + bytes((len(active),)) + active.encode("ascii")
        self._ttl_seconds = ttl_seconds
        self._clock = clock

    def issue(
        self,
        scope: Scope,
        event_id: str,
        results: Sequence[Mapping[str, WriteResult]],
        targets: Mapping[str, bytes],
    ) -> str | None:
        """The receipt of an answer: one mapping of results for each item, fingerprints of `targets` by writer.

        Writers that have no target are not in it, and run again. None where it would be too long for a header, as with
        tens of thousands of items.
        """
        expires_at = min(int(self._clock() + self._ttl_seconds), _LATEST)
        content = form.compose(scope, event_id, results, targets, expires_at)
        signed = self._head + _encoded(content, max(_SINGLE_BYTES, _BYTES_A_WRITER * len(targets)) - len(self._head))
        text = sign(self._key, signed)
        return text if len(text) <= MAX_CHARACTERS else None

    def open(self, text: bytes, scope: Scope, targets: Mapping[str, bytes], named: str | None = None) -> Receipt | None:
        """What the receipt `text` says; None where it is to be ignored.

        That is one that is malformed, forged, expired, signed under an unknown key, or that names a settled writer
        which now writes elsewhere. `named` is the event id that the request itself gives. Raises `ReceiptMismatch`
        where the receipt is good, and for another subject, topic, body or event id.
        """
        content = self._verified(text)
        if content is None or content.expires_at <= self._clock():
            return None
        if (what := form.foreign(content, scope)) is not None:
            raise ReceiptMismatch(what)
        try:
            digits = form.digits_of(content)
        except _DAMAGED:
            return None
        columns = form.columns(content, digits, targets)
        if columns is None:
            return None
        event_id = form.event_id_of(content, named)
        if event_id is None:
            raise ReceiptMismatch("event id")
        return Receipt(event_id, content, digits, columns)

    def _verified(self, text: bytes) -> Content | None:
        """The content, if one of the keys signed it; every key is found by its id alone."""
        raw = _decoded(text)
        if len(raw) < 2 + _MAC_BYTES or raw[:1] != _VERSION:
            return None
        signed, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        start = 2 + signed[1]
        key = self._keys.get(signed[2:start])
        if key is None or not hmac.compare_digest(_mac(key, signed), mac):
            return None
        try:
            return form.decode(signed[start:])
        except _DAMAGED:
            return None


def sign(key: bytes, signed: bytes) -> str:
    """`signed` with its signature, as text: base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(signed + _mac(key, signed)).rstrip(b"=").decode("ascii")


def _encoded(content: Content, room: int) -> bytes:
    """The content, without its details where they do not fit into `room` bytes or are nothing to be written down."""
    try:
        encoded = form.encode(content)
    except OverflowError:  # a plugin's position: JSON can write it, MessagePack cannot
        encoded = b""
    if encoded and (content.details is None or len(encoded) + _MAC_BYTES <= room):
        return encoded
    return form.encode(msgspec.structs.replace(content, details=None))


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + signed, "sha256")


def _decoded(text: bytes) -> bytes:
    """The bytes that `text` is the one base64url form of (RFC 4648, section 5, without padding); empty if of none."""
    if len(text) > MAX_CHARACTERS:
        return b""
    padded = text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4)
    try:
        raw = binascii.a2b_base64(padded)
    except binascii.Error:
        return b""
    return raw if urlsafe_b64encode(raw).rstrip(b"=") == text else b""
