"""Topics that are not there, not yet, no more, or not for us."""

from __future__ import annotations

import asyncio
import time

import pytest

from eventgate.core.model import Outcome
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.writer import KafkaWriter
from tests.services.broker import Broker
from tests.writers.kafka.support import (
    deliver,
    deliver_each,
    eventually_delivered,
    ids,
    kafka_writer,
    new_topic,
    outcomes,
    some_events,
    split,
)


async def test_a_missing_topic_fails_and_then_exists(kafka: Broker, writer: KafkaWriter) -> None:
    """Certainly not there; at once for those that follow; delivered as soon as somebody creates it."""
    topic = new_topic()
    (first,) = await deliver(writer, make_event(topic=topic, event_id="first"))
    began = time.monotonic()
    (second,) = await deliver(writer, make_event(topic=topic, event_id="second"))
    assert [first.outcome, second.outcome] == [Outcome.FAILED] * 2
    assert all("Kafka has no such topic" in str(result.reason) for result in (first, second))
    assert time.monotonic() - began < 5.0  # and not by the deadline, which is 10 s away
    kafka.create_topic(topic)
    (third,) = await deliver(writer, make_event(topic=topic, event_id="third"))
    assert third.outcome is Outcome.DELIVERED
    assert ids(kafka, topic) == ["third"]


@pytest.mark.parametrize(("timeout_seconds", "seconds"), [(1.0, 1.0), (10.0, 0.3)])
async def test_a_missing_topic_is_failed_however_short_the_deadline(
    kafka: Broker, timeout_seconds: float, seconds: float
) -> None:
    """Never unknown: librdkafka does not get the event before the cluster has its topic."""
    topic, there = new_topic(), kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap, timeout_seconds=timeout_seconds)) as writer:
        await deliver(writer, make_event(topic=there))
        results = await deliver_each(writer, some_events(topic, 20), seconds=seconds)
        assert {(each.outcome, each.reason) for each in results} == {
            (Outcome.FAILED, "Kafka has no such topic (UNKNOWN_TOPIC_OR_PART)")
        }
        kafka.create_topic(topic)
        await eventually_delivered(writer, topic)
    assert set(ids(kafka, topic)) == {"again"}


async def test_a_topic_that_is_created_while_its_first_events_wait(kafka: Broker, writer: KafkaWriter) -> None:
    """They are delivered in the order in which they came."""
    topic = new_topic()
    writing = asyncio.ensure_future(deliver(writer, *some_events(topic, 20)))
    await asyncio.to_thread(kafka.create_topic, topic)
    assert set(outcomes(await writing)) == {"delivered"}
    assert ids(kafka, topic) == [str(number) for number in range(20)]


async def test_a_topic_that_may_not_be_written_to_is_failed_at_once(kafka: Broker) -> None:
    """With the brokers' reason."""
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl("stranger"))
    began = time.monotonic()
    async with opened(kafka_writer(bootstrap, config)) as writer:
        results = await deliver(writer, *some_events(topic, 3), seconds=60)
    assert {(each.outcome, each.reason) for each in results} == {
        (Outcome.FAILED, "the cluster's access rules do not allow it (TOPIC_AUTHORIZATION_FAILED)")
    }
    assert time.monotonic() - began < 30


async def test_a_topic_that_is_deleted_and_created_again(kafka: Broker, writer: KafkaWriter) -> None:
    """Its producer state is gone with it; events go on all the same."""
    topic = kafka.create_topic(new_topic())
    await deliver(writer, *some_events(topic, 5))
    kafka.delete_topic(topic)
    kafka.create_topic(topic)
    await eventually_delivered(writer, topic)
    assert set(ids(kafka, topic)) == {"again"}
    kafka.delete_topic(topic)
    (gone,) = await deliver(writer, make_event(topic=topic))
    assert gone.outcome in (Outcome.FAILED, Outcome.UNKNOWN)  # unknown: it was sent before the client had learnt of it
    kafka.create_topic(topic)
    await eventually_delivered(writer, topic)
