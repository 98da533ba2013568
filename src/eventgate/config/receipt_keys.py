"""The keys that sign receipts: what is wrong with them, and the receipts made with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from eventgate.config.secrets import Secret
from eventgate.config.settings import Settings
from eventgate.config.suggest import did_you_mean
from eventgate.core.pointer import join
from eventgate.core.receipts import Receipts
from eventgate.errors import Finding

LEAST_BYTES: Final = 16
"""A shorter key is an error."""
ENOUGH_BYTES: Final = 32
"""As long as the hash: a shorter key weakens the signature (RFC 2104, section 3)."""

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


def receipts_of(settings: Settings) -> Receipts | None:
    """What issues and opens receipts; None where they are off."""
    receipts = settings.receipts
    if receipts is None:
        return None
    keys = {key_id: key.encode() for key_id, key in receipts.keys.items()}
    return Receipts(receipts.active, keys, receipts.ttl_seconds)


def judge_receipts(settings: Settings, file: str) -> Iterator[Finding]:
    """What is wrong with the keys of receipts."""
    receipts = settings.receipts
    if receipts is None:
        return
    if receipts.active not in receipts.keys:
        hint = did_you_mean(receipts.active, receipts.keys)
        yield Finding("error", file, "is the id of none of the `keys`", "/receipts/active", hint)
    for key_id, key in receipts.keys.items():
        place = join(["receipts", "keys", key_id])
        size = len(key.encode())
        if not _KEY_ID.fullmatch(key_id):
            yield Finding("error", file, "a key's id has letters, digits and ._- only, 32 at most", place)
        elif size < LEAST_BYTES:
            message = f"is shorter than {LEAST_BYTES} bytes: receipts could be forged"
            yield Finding("error", file, message, place, "`openssl rand -base64 32` makes a good one")
        elif size < ENOUGH_BYTES:
            yield Finding("warning", file, f"is shorter than the recommended {ENOUGH_BYTES} bytes", place)
        elif not isinstance(key, Secret):
            message = "whoever can read this file can sign receipts"
            yield Finding("warning", file, message, place, "write env:NAME, file:PATH or secretsmanager:NAME instead")
