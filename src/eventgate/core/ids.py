"""Identifiers that the gate makes: event ids and correlation ids."""

from __future__ import annotations

import os
import re
import time
from random import getrandbits

_CORRELATION = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_FREE_BITS = ~(0xF << 76 | 0x3 << 62)
_VERSION_4 = 0x4 << 76 | 0x2 << 62
"""Version 4, and the variant of RFC 9562, in the bits that are not free."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def uuid7() -> str:
    """A UUID of version 7: ordered by time, so that indexes stay compact (RFC 9562, section 5.7)."""
    at = f"{time.time_ns() // 1_000_000:012x}"
    chance = os.urandom(10).hex()
    return f"{at[:8]}-{at[8:]}-7{chance[:3]}-{_variant(chance[3])}{chance[4:7]}-{chance[7:19]}"


def uuid4() -> str:
    """A UUID of version 4 (RFC 9562, section 5.4), for what need not be a secret: made without a system call."""
    digits = (getrandbits(128) & _FREE_BITS | _VERSION_4).to_bytes(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _variant(digit: str) -> str:
    """One of the four digits that the variant of RFC 9562 leaves, at random as `digit` is."""
    return "89ab"[int(digit, 16) & 3]


def correlation_id(*offered: bytes | None) -> str:
    """The first offered id that may stand in a log line, else a new UUID."""
    for value in offered:
        if value is not None and _CORRELATION.fullmatch(value):
            return value.decode("ascii")
    return uuid4()


def is_event_id(text: str) -> bool:
    """Whether `text` can name an event: 1 to 255 characters, no control characters."""
    return 1 <= len(text) <= 255 and (text.isprintable() or not _CONTROL.search(text))
