"""What the tests of the Kafka writer share."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import Writer, WriterContext
from eventgate.testing import make_event
from eventgate.writers.kafka.settings import KafkaSettings, Value
from eventgate.writers.kafka.writer import KafkaWriter, build


def kafka_writer(
    bootstrap: str,
    config: Mapping[str, Value] | None = None,
    *,
    subject_header: bool = False,
    timeout_seconds: float = 10.0,
    freezes: bool = False,
    resolve: Callable[[str], Awaitable[str]] | None = None,
) -> KafkaWriter:
    """A writer called `kafka`, not opened."""
    context = WriterContext(
        name="kafka",
        directory=None,
        request_timeout_seconds=timeout_seconds,
        freezes=freezes,
        resolve=resolve,
    )
    return build(KafkaSettings(bootstrap, dict(config or {}), subject_header), context)


def new_topic(prefix: str = "topic") -> str:
    """A name that no other test has."""
    return f"{prefix}.{uuid.uuid4().hex[:12]}"


def some_events(topic: str, count: int, *, start: int = 0) -> list[Event]:
    """Events with their numbers as ids."""
    return [make_event({"n": n}, topic=topic, event_id=str(n)) for n in range(start, start + count)]


async def deliver(writer: Writer, *events: Event, seconds: float = 10.0) -> Sequence[WriteResult]:
    """Write one group."""
    return await writer.write(events, asyncio.get_running_loop().time() + seconds)


async def deliver_each(writer: Writer, events: Sequence[Event], *, seconds: float = 10.0) -> Sequence[WriteResult]:
    """Write them at once, each by itself, as the gate does."""
    return [result for (result,) in await asyncio.gather(*(deliver(writer, each, seconds=seconds) for each in events))]


def outcomes(results: Sequence[WriteResult]) -> list[str]:
    """The outcomes as text."""
    return [result.outcome.value for result in results]
