"""A request's way with receipts: the one that came with it, and the one that its answer takes along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from eventgate.core.model import WriteResult
from eventgate.core.receipts.ring import Receipt, Receipts
from eventgate.core.receipts.scope import Scope

_NOTHING: Mapping[str, WriteResult] = {}


class Course(Protocol):
    """What the earlier answers to a request have settled.

    `event_id` is the id that the receipt gives, None without one that counts. `status` is what the answer says of
    a receipt that does not count: `ignored`.
    """

    @property
    def event_id(self) -> str | None:
        """The event's id, or a batch's own."""

    @property
    def status(self) -> str | None:
        """`ignored`, or None."""

    def settled(self, index: int = 0) -> Mapping[str, WriteResult]:
        """The results of the writers that are not to be asked again."""

    def issue(self, event_id: str, results: Sequence[Mapping[str, WriteResult]]) -> str | None:
        """The receipt of the answer, one mapping of results for each item; None where there is none."""


class WithReceipts:
    """Where receipts are on. `offered` are the request's receipts: any number but one is ignored.

    `named` is the event id that the request itself gives. Raises `ReceiptMismatch`.
    """

    def __init__(
        self,
        receipts: Receipts,
        scope: Scope,
        targets: Mapping[str, bytes],
        offered: Sequence[bytes],
        named: str | None,
    ) -> None:
        self._receipts = receipts
        self._scope = scope
        self._targets = targets
        self._receipt: Receipt | None = None
        if len(offered) == 1:
            self._receipt = receipts.open(offered[0], scope, targets, named)
        self.status = "ignored" if offered and self._receipt is None else None
        self.event_id = None if self._receipt is None else self._receipt.event_id

    def settled(self, index: int = 0) -> Mapping[str, WriteResult]:
        """What the receipt says."""
        return {} if self._receipt is None else self._receipt.settled(index)

    def issue(self, event_id: str, results: Sequence[Mapping[str, WriteResult]]) -> str | None:
        """Signed for the same request and the same targets."""
        return self._receipts.issue(self._scope, event_id, results, self._targets)


class WithoutReceipts:
    """Where receipts are off: whatever is offered is ignored, and said to be."""

    event_id = None

    def __init__(self, offered: Sequence[bytes]) -> None:
        self.status = "ignored" if offered else None

    def settled(self, index: int = 0) -> Mapping[str, WriteResult]:
        """Nothing."""
        return _NOTHING

    def issue(self, event_id: str, results: Sequence[Mapping[str, WriteResult]]) -> str | None:
        """None."""
        return None
