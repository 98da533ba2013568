"""The queue in front of librdkafka. Nothing leaves it while no broker is up: what is in it is not in Kafka."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaException

from eventgate.core.model import Outcome, WriteResult
from eventgate.errors import SinkUnavailable
from eventgate.writers.kafka import errors
from eventgate.writers.kafka.inquiries import Inquiries
from eventgate.writers.kafka.parcel import Parcel
from eventgate.writers.kafka.producer import KafkaProducer, Report
from eventgate.writers.kafka.supply import Make, Supply

T = TypeVar("T")

MAX_EVENTS: Final = 10_000
"""How many events may wait here; more are `failed` at once."""
MAX_BYTES: Final = 64 * 1024 * 1024
"""How many bytes they may have together."""
ASK_SECONDS: Final = 1.0
"""How long one question to the brokers may take; it is asked again while events wait."""
PAUSE_SECONDS: Final = 0.1
"""Between two questions, or two attempts to make a producer."""


class Outbox:
    """Hands parcels to a producer, in order, once a broker is up.

    `escalate` takes parcels whose batch was refused for what may be another's fault; without it, each is alone.
    `patience` (seconds) is how long a topic is waited for that is not there.
    """

    def __init__(
        self, make: Make, threads: Executor, escalate: Callable[[Parcel], None] | None, patience: float
    ) -> None:
        self._supply = Supply(make, threads, self._receive, lambda: self._inquiries.forget_all())
        self._threads = threads
        self._escalate = escalate
        self._waiting: deque[Parcel] = deque()
        self._bytes = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._last_topic: str | None = None
        self._inquiries = Inquiries(self._ask_about, self.put, self._spawn, patience)

    def not_handed(self, parcel: Parcel) -> WriteResult:
        """The result of an event that still waits at its deadline."""
        if (known := self._inquiries.result(parcel.topic)) is not None:
            return known
        producer = self._supply.current
        trouble = producer.trouble if producer is not None else None
        return WriteResult(Outcome.FAILED, reason=errors.reason(trouble) if trouble else self._supply.reason)

    async def open(self, seconds: float) -> None:
        """Make the producer, waiting for it at most `seconds`, and ask for a broker in the background.

        Raises `ConfigurationError` where the properties are wrong.
        """
        await asyncio.wait({self._spawn(self._supply.prepare())}, timeout=seconds)
        if self._supply.wrong is not None:
            raise self._supply.wrong
        self._wake()

    def put(self, parcel: Parcel) -> None:
        """Hand it over, or let it wait."""
        self._last_topic = parcel.topic
        producer = None if self._waiting else self._supply.current
        if producer is None or not producer.up or not self._hand_over(parcel, producer):
            self._queue(parcel)

    async def probe(self, seconds: float) -> None:
        """Ask a broker; raises `SinkUnavailable`."""
        if not self._supply.is_good:
            await asyncio.wait({self._spawn(self._supply.prepare())}, timeout=seconds / 2)
        if self._supply.current is None:
            raise SinkUnavailable(self._supply.reason)
        await self._ask(self._supply.current, self._last_topic, seconds)
        self._drain()

    async def purge(self) -> None:
        """Give up what librdkafka has: its process is about to be frozen."""
        if self._supply.current is not None:
            await self._in_thread(self._supply.current.purge)

    async def close(self, seconds: float) -> None:
        """Hand over what waits and flush it, for at most `seconds`; the rest gets its result."""
        until = time.monotonic() + seconds
        if self._waiting and self._sender is not None:
            await asyncio.wait({self._sender}, timeout=seconds)
        await self._inquiries.wait(max(0.0, until - time.monotonic()))
        for task in (*self._tasks,):
            task.cancel()
        for parcel in (*self._waiting, *self._inquiries.take_all()):
            parcel.settle(errors.CLOSED)
        await self._supply.close(max(0.0, until - time.monotonic()))

    def overdue(self, carriers: Collection[KafkaProducer]) -> None:
        """An event's time has run out in these producers: the one in use is replaced."""
        if self._supply.is_late(carriers):
            self._wake()

    def _queue(self, parcel: Parcel) -> None:
        if len(self._waiting) >= MAX_EVENTS or self._bytes + len(parcel.value) > MAX_BYTES:
            self._forget_settled()
        if len(self._waiting) >= MAX_EVENTS or self._bytes + len(parcel.value) > MAX_BYTES:
            parcel.settle(errors.QUEUE_FULL)
            return
        self._waiting.append(parcel)
        self._bytes += len(parcel.value)
        self._wake()

    def _forget_settled(self) -> None:
        """Events past their deadline stay in the queue until it moves; they must not keep others out."""
        self._waiting = deque(parcel for parcel in self._waiting if parcel.result is None)
        self._bytes = sum(len(parcel.value) for parcel in self._waiting)

    def _wake(self) -> None:
        if self._sender is None or self._sender.done():
            self._sender = self._spawn(self._send())

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self) -> None:
        """Until nothing waits: have a producer that is good, ask for a broker, hand over."""
        while True:
            producer = await self._supply.prepare()
            try:
                if producer is not None and not producer.up:
                    await self._ask(producer, self._last_topic, ASK_SECONDS)
                self._drain()
            except SinkUnavailable as unavailable:
                self._supply.reason = str(unavailable)
            self._forget_settled()
            if not self._waiting:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, producer: KafkaProducer, topic: str | None, seconds: float) -> str | None:
        return await self._in_thread(lambda: producer.ask(topic, seconds))

    async def _ask_about(self, topic: str) -> str | None:
        try:
            if self._supply.current is None:
                raise SinkUnavailable(self._supply.reason)
            return await self._ask(self._supply.current, topic, ASK_SECONDS)
        except SinkUnavailable as unavailable:
            self._supply.reason = str(unavailable)
            raise

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _drain(self) -> None:
        producer = self._supply.current
        while self._waiting and producer is not None and producer.up:
            parcel = self._waiting[0]
            if parcel.result is None and not self._hand_over(parcel, producer):
                return
            self._waiting.popleft()
            self._bytes -= len(parcel.value)

    def _hand_over(self, parcel: Parcel, producer: KafkaProducer) -> bool:
        """False if it has to wait: librdkafka is full, or gave itself up."""
        if not (parcel.asked or self._inquiries.seen(parcel.topic)):
            self._inquiries.hold(parcel)
            return True
        try:
            producer.take(parcel)
        except BufferError:
            return False
        except KafkaException as error:
            code = errors.code_of(error.args[0])
            if code == "_FATAL" or error.args[0].fatal() or producer.spent:
                producer.spent, producer.up = True, False
                return False
            if code in errors.OF_THE_TOPIC and not parcel.asked:
                self._inquiries.hold(parcel)
            else:
                parcel.settle(errors.raised(code))
        return True

    def _receive(self, producer: KafkaProducer, reports: list[Report]) -> None:
        """What became of parcels; called in the event loop."""
        for parcel, code, partition, offset in reports:
            if code is None:
                parcel.settle(errors.acknowledged(parcel.topic, partition, offset))
            else:
                self._undelivered(parcel, code, first_attempt=parcel.troubles == producer.troubles)
        if self._waiting:
            self._drain()

    def _undelivered(self, parcel: Parcel, code: str, *, first_attempt: bool) -> None:
        if code in errors.OF_THE_TOPIC:
            self._inquiries.forget(parcel.topic)
        if code in errors.OF_THE_BATCH and first_attempt and self._escalate is not None and parcel.result is None:
            parcel.carrier = None  # certainly not there, and free to be sent again
            self._escalate(parcel)
            return
        parcel.settle(errors.reported(code, first_attempt=first_attempt, alone=self._escalate is None))
