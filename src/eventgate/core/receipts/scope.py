"""What a receipt is for, and where its writers wrote: names and places as short hashes."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

FINGERPRINT_BYTES: Final = 8


class Scope(msgspec.Struct, frozen=True):
    """The one request that a receipt speaks for.

    `sha256` is the digest of the event's bytes, or of a whole batch as it was decoded, with how it is read. `count` is
    how many items a batch has, None for a single event.
    """

    topic: str
    subject: str
    sha256: bytes
    count: int | None = None


def scope_of(topic: str, subject: str, body: bytes, count: int | None = None, reading: bytes = b"") -> Scope:
    """The scope of a request with this body.

    `reading` tells apart what becomes other events of the same bytes. It is empty or begins with white space, as no
    body does.
    """
    return Scope(topic, subject, hashlib.sha256(reading + body).digest(), count)


def fingerprint(name: str, type: str, target: str) -> bytes:
    """Eight bytes that differ when the writer's name, its type or the place that it writes to does."""
    return digest("\0".join((name, type, target)), FINGERPRINT_BYTES)


def digest(text: str, size: int) -> bytes:
    """The first `size` bytes of the SHA-256 of `text`, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:size]
