"""What lies in Kafka after a delivery, and where."""

from __future__ import annotations

import asyncio

from eventgate.core.model import Outcome
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.settings import KafkaTopicSettings
from tests.services.broker import Broker
from tests.writers.kafka.support import deliver, deliver_each, kafka_writer, new_topic, outcomes, some_events

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_message_has_the_bytes_the_key_and_the_headers(kafka: Broker) -> None:
    """The body exactly, the key as text, and what identifies the event."""
    topic = kafka.create_topic(new_topic())
    event = make_event(
        body=b'{"price": 1.10, "n": 123456789012345678901234567890}',
        topic=topic,
        event_id="an-id",
        key="Größe",
        traceparent=TRACEPARENT,
        correlation_id="corr-1",
    )
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        (result,) = await deliver(writer, event)
    (message,) = kafka.read(topic)
    assert (message.value, message.key) == (event.body, "Größe".encode())
    assert message.headers == {
        "eventgate-event-id": b"an-id",
        "eventgate-body-sha256": event.sha256.encode(),
        "eventgate-topic": topic.encode(),
        "eventgate-correlation-id": b"corr-1",
        "traceparent": TRACEPARENT.encode(),
    }
    assert result.position == {"topic": topic, "partition": message.partition, "offset": message.offset}


async def test_no_key_and_an_empty_key_differ(kafka: Broker) -> None:
    """As do messages with and without a trace."""
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        await deliver(writer, make_event(topic=topic), make_event(topic=topic, key=""))
    messages = kafka.read(topic)
    assert [message.key for message in messages] == [None, b""]
    assert all("traceparent" not in message.headers for message in messages)


async def test_the_subject_is_a_header_if_asked_for(kafka: Broker) -> None:
    """Only then."""
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap, subject_header=True)) as writer:
        await deliver(writer, make_event(topic=topic, subject="søren"))
    assert kafka.read(topic)[0].headers["eventgate-subject"] == "søren".encode()


async def test_a_topic_may_go_to_a_kafka_topic_of_another_name(kafka: Broker) -> None:
    """The header still names the EventGate topic."""
    topic = kafka.create_topic(new_topic("elsewhere"))
    event = make_event(topic="orders", options={"kafka": KafkaTopicSettings(topic=topic)})
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        (result,) = await deliver(writer, event)
    assert result.position["topic"] == topic
    assert kafka.read(topic)[0].headers["eventgate-topic"] == b"orders"


async def test_a_key_always_goes_to_the_same_partition(kafka: Broker) -> None:
    """And keyless events spread."""
    topic = kafka.create_topic(new_topic(), partitions=4)
    keyed = [make_event(topic=topic, key=f"k{n % 5}") for n in range(50)]
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        assert set(outcomes(await deliver_each(writer, keyed))) == {"delivered"}
    homes: dict[bytes | None, set[int]] = {}
    for message in kafka.read(topic):
        homes.setdefault(message.key, set()).add(message.partition)
    assert len(homes) == 5
    assert all(len(partitions) == 1 for partitions in homes.values())


async def test_a_group_keeps_its_order(kafka: Broker) -> None:
    """As do writes that follow each other."""
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        for start in (0, 500):
            await deliver(writer, *some_events(topic, 500, start=start))
    ids = [int(message.headers["eventgate-event-id"]) for message in kafka.read(topic)]
    assert ids == list(range(1000))


async def test_thousands_at_once_are_each_there_once(kafka: Broker) -> None:
    """Every result names its own place."""
    topic = kafka.create_topic(new_topic(), partitions=3)
    async with opened(kafka_writer(kafka.bootstrap)) as writer:
        results = await deliver_each(writer, some_events(topic, 5000), seconds=30.0)
    assert {result.outcome for result in results} == {Outcome.DELIVERED}
    found = {
        (message.partition, message.offset): int(message.headers["eventgate-event-id"]) for message in kafka.read(topic)
    }
    places = [(result.position["partition"], result.position["offset"]) for result in results]
    assert [found[place] for place in places] == list(range(5000))  # type: ignore[index]
    assert len(found) == 5000


async def test_closing_flushes_what_was_accepted(kafka: Broker) -> None:
    """Even what librdkafka still collects for a batch."""
    topic = kafka.create_topic(new_topic())
    writer = kafka_writer(kafka.bootstrap, {"linger.ms": 9000, "sticky.partitioning.linger.ms": 0})
    await writer.open()
    await writer.probe()
    tasks = [asyncio.ensure_future(deliver(writer, event)) for event in some_events(topic, 20)]
    await asyncio.sleep(0)
    await writer.close()
    assert {result.outcome for (result,) in await asyncio.gather(*tasks)} == {Outcome.DELIVERED}
    assert len(kafka.read(topic)) == 20
