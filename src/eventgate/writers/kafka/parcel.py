"""One event on its way to Kafka, and the write that waits for it. All of it belongs to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from eventgate.core.model import WriteResult
from eventgate.writers.kafka.errors import NO_ANSWER
from eventgate.writers.kafka.message import Headers

if TYPE_CHECKING:
    from eventgate.writers.kafka.producer import KafkaProducer


class Parcel:
    """A message, how far it got, and its result once there is one.

    `carrier` is the producer that has taken it: from then on it may be in Kafka. `asked` says whether the cluster
    was asked about its topic; `troubles` is how many the producer had had when it took it.
    """

    __slots__ = ("asked", "carrier", "headers", "key", "pending", "result", "topic", "troubles", "value")

    def __init__(self, pending: Pending, topic: str, key: bytes | None, value: bytes, headers: Headers) -> None:
        self.pending = pending
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.result: WriteResult | None = None
        self.carrier: KafkaProducer | None = None
        self.asked = False
        self.troubles = 0

    def settle(self, result: WriteResult) -> None:
        """Give it its result; only the first counts."""
        if self.result is None:
            self.result = result
            self.pending.count_down()


class Pending:
    """The results of one `write` that are still missing, and when they are due (`loop.time()`)."""

    __slots__ = ("_done", "_missing", "deadline", "parcels")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.parcels: list[Parcel] = []
        self._missing = 0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, topic: str, key: bytes | None, value: bytes, headers: Headers) -> Parcel:
        """Another parcel to wait for."""
        parcel = Parcel(self, topic, key, value, headers)
        self.parcels.append(parcel)
        self._missing += 1
        return parcel

    def count_down(self) -> None:
        """One more has its result."""
        self._missing -= 1
        if not self._missing and not self._done.done():
            self._done.set_result(None)

    def expire(self, not_handed: Callable[[Parcel], WriteResult]) -> set[KafkaProducer]:
        """End the wait: what a producer has is unknown, of the rest `not_handed` tells. Returns those producers."""
        late = [parcel for parcel in self.parcels if parcel.result is None]
        for parcel in late:
            parcel.settle(NO_ANSWER if parcel.carrier is not None else not_handed(parcel))
        return {parcel.carrier for parcel in late if parcel.carrier is not None}

    async def wait(self) -> Sequence[WriteResult]:
        """One result for each parcel, in order, once there are all."""
        await self._done
        results = [parcel.result or NO_ANSWER for parcel in self.parcels]
        self.parcels = []  # each knows this one: the pair would be left to the search for garbage, events and all
        return results
