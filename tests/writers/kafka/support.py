"""What the tests of the Kafka writer share."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.writer import Writer, WriterContext
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.settings import KafkaSettings, Value
from eventgate.writers.kafka.writer import KafkaWriter, build
from tests.services.broker import Broker


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


async def delivers(bootstrap: str, config: dict[str, Value], topic: str) -> bool:
    """Whether an event comes through."""
    async with opened(kafka_writer(bootstrap, config)) as writer:
        (result,) = await deliver(writer, make_event(topic=topic))
    return result.outcome is Outcome.DELIVERED


def ids(kafka: Broker, topic: str) -> list[str]:
    """The event ids that lie in a topic."""
    return [message.headers["eventgate-event-id"].decode() for message in kafka.read(topic)]


async def eventually_delivered(writer: Writer, topic: str, *, seconds: float = 60.0) -> None:
    """Try until an event is delivered."""
    until = time.monotonic() + seconds
    result = None
    while time.monotonic() < until:
        (result,) = await deliver(writer, make_event(topic=topic, event_id="again"), seconds=2.0)
        if result.outcome is Outcome.DELIVERED:
            return
    raise AssertionError(f"not delivered again: {result}")


def split(settings: Mapping[str, str]) -> tuple[str, dict[str, Value]]:
    """Client settings as the writer takes them."""
    return settings["bootstrap.servers"], {name: value for name, value in settings.items() if name[0] != "b"}


def outcomes(results: Sequence[WriteResult]) -> list[str]:
    """The outcomes as text."""
    return [result.outcome.value for result in results]
