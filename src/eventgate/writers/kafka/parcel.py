"""One event on its way to Kafka, and the write that waits for it. All of it belongs to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from eventgate.core.model import WriteResult
from eventgate.writers.kafka.errors import NO_ANSWER
from eventgate.writers.kafka.message import Headers


class Parcel:
    """A message, how far it got, and its result once there is one.

    `handed` says whether librdkafka has taken it: from then on it may be in Kafka. `asked` says whether the cluster
    was asked about its topic; `troubles` is how many the producer had had when it took it.
    """

    __slots__ = ("asked", "handed", "headers", "key", "pending", "result", "topic", "troubles", "value")

    def __init__(self, pending: Pending, topic: str, key: bytes | None, value: bytes, headers: Headers) -> None:
        self.pending = pending
        self.topic = topic
        self.key = key
        self.value = value
        self.headers = headers
        self.result: WriteResult | None = None
        self.handed = False
        self.asked = False
        self.troubles = 0

    def settle(self, result: WriteResult) -> None:
        """Give it its result; only the first counts."""
        if self.result is None:
            self.result = result
            self.pending.count_down()


class Pending:
    """The results of one `write` that are still missing. `gave_up`: it ended while librdkafka still had some of it."""

    __slots__ = ("_done", "_missing", "gave_up", "parcels")

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.gave_up = False
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

    def expire(self, not_handed: Callable[[Parcel], WriteResult]) -> None:
        """End the wait: what librdkafka has is unknown, of the rest `not_handed` tells."""
        late = [parcel for parcel in self.parcels if parcel.result is None]
        for parcel in late:
            self.gave_up = self.gave_up or parcel.handed
            parcel.settle(NO_ANSWER if parcel.handed else not_handed(parcel))

    async def wait(self) -> Sequence[WriteResult]:
        """One result for each parcel, in order, once there are all."""
        await self._done
        return [parcel.result or NO_ANSWER for parcel in self.parcels]
