"""A Kafka writer that is at work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.writer import KafkaWriter
from tests.services.broker import Broker
from tests.writers.kafka.support import deliver, kafka_writer, new_topic, outcomes


@pytest.fixture
async def writer(kafka: Broker) -> AsyncIterator[KafkaWriter]:
    """One that has delivered something."""
    topic = kafka.create_topic(new_topic("warm"))
    async with opened(kafka_writer(kafka.bootstrap, timeout_seconds=4.0)) as writer:
        assert isinstance(writer, KafkaWriter)
        assert outcomes(await deliver(writer, make_event(topic=topic))) == ["delivered"]
        yield writer
