"""What `check --connect` learns from a cluster, without changing anything there."""

from __future__ import annotations

import time

from eventgate.writers.kafka.settings import KafkaTopicSettings
from tests.services.broker import Broker
from tests.writers.kafka.support import kafka_writer, new_topic, split


async def test_topics_that_are_there_and_may_be_written_to(kafka: Broker) -> None:
    """Nothing to say."""
    topic, other = kafka.create_topic(new_topic()), kafka.create_topic(new_topic())
    topics = {topic: KafkaTopicSettings(), "orders": KafkaTopicSettings(topic=other)}
    assert list(await kafka_writer(kafka.bootstrap).inspect(topics)) == []


async def test_a_missing_topic_is_an_error(kafka: Broker) -> None:
    """It is not created by being asked for."""
    missing = new_topic()
    (found,) = await kafka_writer(kafka.bootstrap).inspect({"orders": KafkaTopicSettings(topic=missing)})
    assert (found.severity, found.file, found.message) == ("error", "topic orders", f"Kafka has no topic {missing}")
    assert kafka.read(missing) == []


async def test_rights_that_are_missing_are_an_error(kafka: Broker) -> None:
    """Of a user that may not even see the topic."""
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl("stranger"))
    (found,) = await kafka_writer(bootstrap, config).inspect({topic: KafkaTopicSettings()})
    assert found.severity == "error"
    assert "access rules" in found.message


async def test_a_topic_for_small_batches_is_a_warning(kafka: Broker) -> None:
    """Until the producer's are as small."""
    topics = {kafka.create_topic(new_topic(), max_message_bytes=5000): KafkaTopicSettings()}
    (found,) = await kafka_writer(kafka.bootstrap).inspect(topics)
    assert found.severity == "warning"
    assert "5000 or less" in str(found.hint)
    assert list(await kafka_writer(kafka.bootstrap, {"batch.size": 5000}).inspect(topics)) == []


async def test_a_cluster_that_does_not_answer_has_no_findings(kafka: Broker) -> None:
    """The probe has said so."""
    began = time.monotonic()
    assert list(await kafka_writer("127.0.0.1:1").inspect({"orders": KafkaTopicSettings()})) == []
    assert time.monotonic() - began < 8.0
