"""The producer of the moment: made when it is needed, replaced when it cannot go on, retired when it is late."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Executor
from typing import Final

from eventgate.errors import ConfigurationError, SinkUnavailable
from eventgate.writers.kafka import errors
from eventgate.writers.kafka.producer import KafkaProducer, Receiver

log = logging.getLogger("eventgate.kafka")

STALE_SECONDS: Final = 5.0
"""How old a producer is at least before it is replaced because the brokers do not accept its credentials."""

Make = Callable[[Receiver], Awaitable[KafkaProducer]]
"""Makes a producer with what the credentials are now; raises `SinkUnavailable` or `ConfigurationError`."""


class Supply:
    """One producer at a time, whose reports go to `receive`; `renewed` is called when another takes its place.

    A producer that has not delivered an event in time takes no more. If it went on, and gave that event up, librdkafka
    would number the others anew, and send those again that the broker may have taken under their old numbers: there
    would be two of them. It keeps what it has until the last of it is due, and ends.
    """

    def __init__(self, make: Make, threads: Executor, receive: Receiver, renewed: Callable[[], None]) -> None:
        self.current: KafkaProducer | None = None
        self.wrong: ConfigurationError | None = None
        self.reason = "no Kafka broker has answered yet"
        self._make = make
        self._threads = threads
        self._receive = receive
        self._renewed = renewed
        self._making = asyncio.Lock()
        self._retired: list[KafkaProducer] = []

    @property
    def is_good(self) -> bool:
        """Whether there is a producer that need not be replaced."""
        return self.current is not None and not _is_bad(self.current)

    async def prepare(self) -> KafkaProducer | None:
        """A producer that is good; None, and `reason` told, where there can be none now."""
        async with self._making:
            try:
                return await self._good_producer()
            except SinkUnavailable as unavailable:
                self.reason = str(unavailable)
            except ConfigurationError as wrong:  # later than at `open`: a file that is named there has gone
                self.wrong = wrong
                self.reason = "the Kafka producer cannot be made as it is configured"
        return None

    def is_late(self, carriers: Collection[KafkaProducer]) -> bool:
        """Note that an event's time has run out in these producers; whether that is the end of the present one."""
        current = self.current
        if current is None or current not in carriers:
            return False
        current.late, current.up = True, False
        return True

    async def close(self, seconds: float) -> None:
        """Flush all producers for at most `seconds`, and end them."""
        producers = [*self._retired, *([] if self.current is None else [self.current])]
        self.current = None
        self._retired = []
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._threads, each.close, seconds) for each in producers))

    async def _good_producer(self) -> KafkaProducer:
        producer = self.current
        if producer is not None and _is_bad(producer):
            trouble = producer.trouble or ("_MSG_TIMED_OUT" if producer.late else "_FATAL")
            log.warning("the Kafka producer is replaced: %s", errors.reason(trouble))
            self.current = None
            producer.retire(0.0 if producer.spent else producer.latest - asyncio.get_running_loop().time())
            self._retired = [each for each in (*self._retired, producer) if not each.ended]
        if self.current is None:
            self.current = await self._make(self._receive)
            self._renewed()
        return self.current


def _is_bad(producer: KafkaProducer) -> bool:
    if producer.spent or producer.late:
        return True
    stale = time.monotonic() - producer.born > STALE_SECONDS
    return stale and not producer.up and producer.trouble in errors.OF_THE_CREDENTIALS
