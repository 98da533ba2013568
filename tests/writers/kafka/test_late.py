"""A broker that answers too late for one event, and in time for the next: neither of them is in Kafka twice."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core.model import Event, Outcome
from eventgate.testing.contract import opened
from tests.services.broker import Broker
from tests.writers.kafka.support import deliver, eventually_delivered, ids, kafka_writer, new_topic, some_events

SECONDS = 2.0
"""How long a request may take; a connection is given up after half of it."""


@pytest.mark.parametrize("behind", [0.3, 0.7])
async def test_an_event_behind_one_that_is_late_is_there_once(kafka: Broker, behind: float) -> None:
    """The broker has both, sent over a connection that was given up, and then sees the second one again."""
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap, timeout_seconds=SECONDS)) as writer:
        await eventually_delivered(writer, topic)

        async def follow(event: Event) -> Outcome:
            await asyncio.sleep(behind)
            (result,) = await deliver(writer, event, seconds=SECONDS)
            return result.outcome

        first, second = some_events(topic, 2)
        kafka.pause()
        try:
            following = asyncio.ensure_future(follow(second))
            (late,) = await deliver(writer, first, seconds=SECONDS)
        finally:
            kafka.resume()
        assert (late.outcome, await following) == (Outcome.UNKNOWN, Outcome.DELIVERED)
        await eventually_delivered(writer, topic)
    there = ids(kafka, topic)
    assert there.count(second.event_id) == 1
    assert there.count(first.event_id) <= 1


async def test_once_an_event_was_late_the_next_ones_wait_where_they_are_certainly_not_there(kafka: Broker) -> None:
    """They are `failed`, and may be sent again without a second thought."""
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap, timeout_seconds=SECONDS)) as writer:
        await eventually_delivered(writer, topic)
        first, second = some_events(topic, 2)
        kafka.pause()
        try:
            (late,) = await deliver(writer, first, seconds=0.5)
            (failed,) = await deliver(writer, second, seconds=0.5)
        finally:
            kafka.resume()
        await eventually_delivered(writer, topic)
    assert (late.outcome, failed.outcome) == (Outcome.UNKNOWN, Outcome.FAILED)
    assert failed.reason
    assert second.event_id not in ids(kafka, topic)
