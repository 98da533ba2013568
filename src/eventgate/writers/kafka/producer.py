"""One librdkafka producer and the thread that polls it.

librdkafka's callbacks run in that thread. What they report goes to the event loop in batches: one wake-up for all that
one poll brought.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from eventgate.errors import SinkUnavailable
from eventgate.writers.kafka.errors import code_of, reason
from eventgate.writers.kafka.logs import RedactedLog
from eventgate.writers.kafka.parcel import Parcel

log = logging.getLogger("eventgate.kafka")

POLL_SECONDS: Final = 0.1
"""How long a poll waits for something to report; closing waits as long at most."""
PURGE_SECONDS: Final = 1.0
"""How long the reports of purged messages are waited for."""
NO_TOPIC: Final = "?"
"""No legal topic name: to ask a broker for metadata without naming a topic, or getting all of them."""

Report = tuple[Parcel, str | None, int | None, int | None]
"""A parcel, the code of its error, its partition and offset."""
Receiver = Callable[["KafkaProducer", list[Report]], None]


class KafkaProducer:
    """Takes parcels, and tells `receive` in the event loop what became of them.

    `up` is whether a broker has answered since all were down. `troubles` counts what librdkafka found wrong: if it
    grew while a message was under way, there may have been more than one attempt. `spent` is whether librdkafka gave
    itself up (fatal error), `late` whether it did not deliver an event in time; `latest` is when the last event that it
    took is due (`loop.time()`). Raises `KafkaException` where the properties are wrong or no token can be had.
    """

    def __init__(self, name: str, properties: Mapping[str, Any], receive: Receiver) -> None:
        self._name = name
        self.up = False
        self.spent = False
        self.late = False
        self.latest = 0.0
        self.troubles = 0
        self.trouble: str | None = None
        self.born = time.monotonic()
        self._downs = 0
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._reports: list[Report] = []
        self._closing = threading.Event()
        self._end_at = 0.0
        self._producer: Producer | None = None
        self._properties = {**properties, "error_cb": self._on_error, "logger": RedactedLog(name)}
        self._thread: threading.Thread | None = None

    def connect(self) -> None:
        """Make the producer and begin to poll; it connects by itself. Blocks while a token is fetched."""
        producer = self._producer = Producer(self._properties)
        self._thread = threading.Thread(
            target=self._poll, args=(producer,), name=f"eventgate-{self._name}", daemon=True
        )
        self._thread.start()
        # What `ask` makes its answer of, though nothing of the admin client is used: read while the brokers are far.
        import confluent_kafka.admin  # noqa: F401

    def take(self, parcel: Parcel) -> None:
        """Hand a parcel to librdkafka; never blocks. Raises `KafkaException`, or `BufferError` where it is full."""
        if self._producer is None:
            raise BufferError("closed")
        parcel.troubles = self.troubles
        self._producer.produce(
            parcel.topic,
            parcel.value,
            parcel.key,
            on_delivery=partial(self._on_delivery, parcel),
            headers=parcel.headers,  # type: ignore[arg-type]  # a dict is invariant
        )
        parcel.carrier = self
        self.latest = max(self.latest, parcel.pending.deadline)

    def ask(self, topic: str | None, seconds: float) -> str | None:
        """Ask a broker for metadata, which is how `up` becomes true; the code of what `topic` lacks, if anything.

        Blocks; raises `SinkUnavailable`.
        """
        downs, producer = self._downs, self._producer
        if producer is None:
            raise SinkUnavailable("the Kafka producer is being replaced")
        try:
            topics = producer.list_topics(topic or NO_TOPIC, timeout=seconds).topics
        except KafkaException as error:
            code = code_of(error.args[0])
            raise SinkUnavailable(reason(self.trouble or code)) from None
        if downs == self._downs:
            self.up = True
            self.trouble = None
        found = topics.get(topic or NO_TOPIC)
        return None if found is None or found.error is None else code_of(found.error)

    def purge(self) -> None:
        """Give up every message: those that were sent may have landed all the same. Blocks for a moment."""
        if (producer := self._producer) is not None:
            producer.purge()

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self._thread is None or not self._thread.is_alive()

    def retire(self, seconds: float) -> None:
        """Go on for at most `seconds` while there is something to deliver, purge the rest, and end. Does not block."""
        self._end_at = time.monotonic() + seconds
        self._closing.set()

    def close(self, seconds: float) -> None:
        """Retire, and wait for the end. Blocks."""
        self.retire(seconds)
        if self._thread is not None:
            self._thread.join(seconds + 2 * PURGE_SECONDS)

    def _poll(self, producer: Producer) -> None:
        while not self._closing.is_set():
            self._serve(partial(producer.poll, POLL_SECONDS))
        while len(producer) and (left := self._end_at - time.monotonic()) > 0:
            self._serve(partial(producer.flush, min(left, POLL_SECONDS)))
        if len(producer):
            self._serve(producer.purge)
            self._serve(partial(producer.flush, PURGE_SECONDS))
        self._producer = None

    def _serve(self, call: Callable[[], object]) -> None:
        try:
            call()
        except KafkaException as error:  # how the library tells of a fatal error: not by `error_cb`
            self._on_error(error.args[0])
        except Exception as error:  # the thread has to go on, whatever a callback met
            log.warning("polling Kafka failed (%s)", type(error).__name__)
        if self._reports:
            reports, self._reports = self._reports, []
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._receive, self, reports)

    def _on_delivery(self, parcel: Parcel, error: KafkaError | None, message: Message) -> None:
        code = None if error is None else code_of(error)
        self._reports.append((parcel, code, message.partition(), message.offset()))

    def _on_error(self, error: KafkaError) -> None:
        code = code_of(error)
        self.troubles += 1
        if code == "_ALL_BROKERS_DOWN":
            self._downs += 1
            self.up = False
            self.trouble = self.trouble or code
        elif error.fatal() or code == "_FATAL":
            self.spent = True
            self.up = False
            self.trouble = "_FATAL"
        else:
            self.trouble = code
