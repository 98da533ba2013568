"""Receipts: what an answer says of each writer, signed, so that any gate with the key can go on from there.

Nothing is kept anywhere: a receipt is its own record. It names the event by topic, subject, digest and id, and each
writer by a fingerprint of where it wrote. One that cannot be trusted is ignored, and then all writers run: the worst
that it can cost is a duplicate.
"""

from __future__ import annotations

from eventgate.core.receipts.course import Course, WithoutReceipts, WithReceipts
from eventgate.core.receipts.ring import Receipt, Receipts
from eventgate.core.receipts.scope import Scope, fingerprint, scope_of

__all__ = [
    "Course",
    "Receipt",
    "Receipts",
    "Scope",
    "WithReceipts",
    "WithoutReceipts",
    "fingerprint",
    "scope_of",
]
