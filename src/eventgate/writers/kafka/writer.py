"""The Kafka writer: each event is a message, acknowledged by all in-sync replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaException

from eventgate.core.model import Event, Unacceptable, WriteResult
from eventgate.core.timers import Timers
from eventgate.core.writer import Grouping, WriterContext, WriterSpec
from eventgate.errors import ConfigurationError, Finding, SinkUnavailable, SourceError
from eventgate.writers.kafka import errors, findings, message
from eventgate.writers.kafka.iam import TokenSource, token_source
from eventgate.writers.kafka.outbox import Outbox
from eventgate.writers.kafka.parcel import Parcel, Pending
from eventgate.writers.kafka.producer import KafkaProducer, Receiver
from eventgate.writers.kafka.settings import (
    KafkaSettings,
    KafkaTopicSettings,
    max_bytes,
    propagation_seconds,
    properties,
    uses_iam,
)

OPEN_SECONDS: Final = 3.0
"""How long `open` waits for the first token, where one is needed."""
PROBE_SECONDS: Final = 2.5
"""How long a probe waits for a broker's answer."""
CLOSE_SECONDS: Final = 5.0
"""How long `close` flushes."""
INSPECT_SECONDS: Final = 5.0
"""How long each question of `inspect` may take."""


class KafkaWriter:
    """Hands each event to librdkafka as soon as it comes; librdkafka makes the batches."""

    grouping: Grouping | None = None

    def __init__(self, settings: KafkaSettings, context: WriterContext, tokens: TokenSource | None) -> None:
        self.name = context.name
        self._settings = settings
        self._context = context
        self._tokens = tokens
        self._max_bytes = max_bytes(settings.config)
        self._patience = propagation_seconds(settings.config, context.request_timeout_seconds)
        self._servers = ",".join(sorted(server.strip().lower() for server in settings.bootstrap_servers.split(",")))
        self._threads: ThreadPoolExecutor | None = None
        self._outbox: Outbox | None = None
        self._single: Outbox | None = None
        self._timers = Timers()

    async def open(self) -> None:
        """Make the producer; it connects by itself. Raises `ConfigurationError` where librdkafka rejects a property."""
        if self._outbox is not None:
            return
        self._threads = ThreadPoolExecutor(4, thread_name_prefix=f"eventgate-{self.name}")
        outbox = Outbox(self._make, self._threads, self._send_alone, self._patience)
        try:
            await outbox.open(OPEN_SECONDS)
        except BaseException:
            self._threads.shutdown(wait=False)
            raise
        self._outbox = outbox

    def refuse(self, event: Event) -> Unacceptable | None:
        """What Kafka cannot hold: messages past `message.max.bytes`, illegal topic names, text that is not Unicode."""
        topic = message.topic_of(event, self.name)
        return message.refuse(event, topic, subject=self._settings.subject_header, max_bytes=self._max_bytes)

    def target(self, topic: str, options: Any) -> str:
        """The brokers, whatever their order, and the Kafka topic."""
        return f"{self._servers}/{message.named_topic(topic, options)}"

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Write the events in order; `delivered` once all in-sync replicas have them."""
        loop = asyncio.get_running_loop()
        outbox = self._outbox
        if outbox is None or deadline <= loop.time() or not events:
            return [errors.CLOSED if outbox is None else errors.NO_TIME] * len(events)
        pending = Pending(deadline)
        for event in events:
            headers = message.headers_of(event, subject=self._settings.subject_header)
            outbox.put(pending.add(message.topic_of(event, self.name), message.key_of(event), event.body, headers))
        number = self._timers.start(deadline, partial(self._expire, pending, outbox))
        try:
            results = await pending.wait()
        finally:
            self._timers.stop(number)
            pending.expire(outbox.not_handed)  # a cancelled write: what still waits must not be handed over later
        if self._context.freezes and errors.NO_ANSWER in results:
            await asyncio.gather(*(each.purge() for each in self._outboxes))
        return results

    async def probe(self) -> None:
        """Ask a broker for metadata."""
        if self._outbox is None:
            raise SinkUnavailable("the writer is closed")
        await self._outbox.probe(PROBE_SECONDS)

    async def inspect(self, topics: Mapping[str, Any]) -> Sequence[Finding]:
        """What would keep the events of `topics` (settings by name) out of Kafka: missing topics, rights, sizes."""
        names = {topic: (options and options.topic) or topic for topic, options in topics.items()}
        try:
            values = await self._properties()
        except SinkUnavailable:  # as the probe says
            return ()
        from eventgate.writers.kafka import inspection  # and with it the admin client, which events do without

        return await asyncio.to_thread(inspection.inspect, values, names, INSPECT_SECONDS)

    async def close(self) -> None:
        """Flush, and let go of every connection."""
        outboxes, threads = self._outboxes, self._threads
        self._outbox = self._single = self._threads = None
        await asyncio.gather(*(each.close(CLOSE_SECONDS) for each in outboxes))
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)

    def _expire(self, pending: Pending, outbox: Outbox) -> None:
        carriers = pending.expire(outbox.not_handed)
        if carriers and not self._context.freezes:  # what freezes is purged instead
            for each in self._outboxes:
                each.overdue(carriers)

    @property
    def _outboxes(self) -> list[Outbox]:
        return [each for each in (self._outbox, self._single) if each is not None]

    def _send_alone(self, parcel: Parcel) -> None:
        """Send what shared a refused batch in one of its own."""
        if self._threads is None:
            parcel.settle(errors.CLOSED)
            return
        if self._single is None:
            self._single = Outbox(self._make_single, self._threads, None, self._patience)
        self._single.put(parcel)

    async def _make_single(self, receive: Receiver) -> KafkaProducer:
        return await self._make(receive, **{"batch.num.messages": "1"})

    async def _make(self, receive: Receiver, **others: str) -> KafkaProducer:
        producer = KafkaProducer(self.name, {**await self._properties(), **others}, receive)
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, producer.connect)
        except KafkaException as error:
            code = errors.code_of(error.args[0])
            if code == "_INVALID_ARG":
                found = findings.of_construction(error.args[0], f"/writers/{self.name}")
                raise ConfigurationError((found,)) from None
            raise SinkUnavailable(errors.reason(code)) from None
        return producer

    async def _properties(self) -> dict[str, Any]:
        """The properties with what their secrets are now."""
        config = dict(self._settings.config)
        for name, value in config.items():
            reference = getattr(value, "reference", None)
            if reference is not None and self._context.resolve is not None:
                try:
                    config[name] = await self._context.resolve(reference)
                except SourceError:
                    raise SinkUnavailable("a secret of the Kafka writer cannot be read") from None
        settings = KafkaSettings(self._settings.bootstrap_servers, config, self._settings.subject_header)
        values: dict[str, Any] = dict(
            properties(
                settings,
                directory=self._context.directory,
                ca_bundle=self._context.ssl_ca_bundle,
                longest_seconds=self._context.request_timeout_seconds,
            )
        )
        return values if self._tokens is None else {**values, "oauth_cb": self._tokens}


def build(settings: KafkaSettings, context: WriterContext) -> KafkaWriter:
    """A writer to that cluster; raises `ConfigurationError` where tokens are to be signed and cannot be."""
    tokens = None
    if uses_iam(settings.config):
        try:
            tokens = token_source(settings.bootstrap_servers, context.ssl_ca_bundle)
        except (ImportError, LookupError) as error:
            missing = "AWS_MSK_IAM needs a library: pip install 'eventgate[aws]'"
            text = missing if isinstance(error, ImportError) else str(error)
            raise ConfigurationError((Finding("error", "config.json", text, f"/writers/{context.name}"),)) from None
    return KafkaWriter(settings, context, tokens)


SPEC = WriterSpec(
    settings=KafkaSettings,
    topic_settings=KafkaTopicSettings,
    build=build,
    summary="messages in Apache Kafka, acknowledged by all in-sync replicas",
    check=findings.check,
)
