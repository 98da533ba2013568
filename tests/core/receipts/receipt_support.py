"""Receipts of a gate with a clock of its own."""

from __future__ import annotations

import string
from collections.abc import Mapping

from eventgate.core.model import Outcome, WriteResult
from eventgate.core.receipts import Receipts, Scope, fingerprint, scope_of

KEYS = {"2026-10": b"the key of October, 32 bytes long", "2026-11": b"the key of November, also 32 long"}
TARGETS = {name: fingerprint(name, "Writer", f"{name}.example:1/db") for name in ("kafka", "postgres", "eventbridge")}
SCOPE = scope_of("orders", "alice", b'{"a":1}')
ALPHABET = (string.ascii_letters + string.digits + "-_").encode()

DELIVERED = WriteResult(Outcome.DELIVERED, {"partition": 3, "offset": 123456})
FAILED = WriteResult(Outcome.FAILED, reason="no broker is up")
RESULTS: Mapping[str, WriteResult] = {
    "kafka": DELIVERED,
    "postgres": FAILED,
    "eventbridge": WriteResult(Outcome.DUPLICATE),
}


class Clock:
    """Epoch seconds that stand still until they are set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def ring(active: str = "2026-11", keys: Mapping[str, bytes] = KEYS, clock: Clock | None = None) -> Receipts:
    """Receipts that count for a day."""
    return Receipts(active, keys, 86400, clock or Clock())


def receipt(event_id: str = "e-1", scope: Scope = SCOPE, results: Mapping[str, WriteResult] = RESULTS) -> str:
    """A receipt of a single event."""
    text = ring().issue(scope, event_id, [results], TARGETS)
    assert text is not None
    return text


def batch(items: list[dict[str, WriteResult]], event_id: str = "b-1") -> str:
    """A receipt of a batch."""
    text = ring().issue(batch_scope(items), event_id, items, TARGETS)
    assert text is not None
    return text


def batch_scope(items: list[dict[str, WriteResult]]) -> Scope:
    """The scope of that batch."""
    return scope_of("orders", "alice", b"lines", len(items))
