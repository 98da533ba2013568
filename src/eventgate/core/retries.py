"""Requests that are sent again: how far an earlier answer says that they came."""

from __future__ import annotations

from eventgate.core.admission import Admitted
from eventgate.core.delivery import Delivery
from eventgate.core.head import Head
from eventgate.core.receipts import Course, Receipts, WithoutReceipts, WithReceipts, scope_of


class Retries:
    """Opens the receipts that come with requests; `receipts` is None where they are off."""

    def __init__(self, receipts: Receipts | None, delivery: Delivery) -> None:
        self._receipts = receipts
        self._delivery = delivery

    def course(
        self,
        head: Head,
        admitted: Admitted,
        body: bytes,
        named: str | None,
        count: int | None = None,
        reading: bytes = b"",
    ) -> Course:
        """The course of a request whose event, or batch of `count` events, has the bytes `body`.

        `named` is the event id, or the batch's own, that the request gives; `reading` is that of `scope_of`. Raises
        `ReceiptMismatch`.
        """
        offered = head.all(b"eventgate-receipt")
        if self._receipts is None:
            return WithoutReceipts(offered)
        topic = admitted.topic
        scope = scope_of(topic.name, admitted.subject, body, count, reading)
        return WithReceipts(self._receipts, scope, self._delivery.targets(topic), offered, named)
