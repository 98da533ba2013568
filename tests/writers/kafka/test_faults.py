"""What the writer says when Kafka fails, and that it is true; then Kafka is well again, and so is the writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from eventgate.core.model import Outcome, WriteResult
from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.writer import KafkaWriter
from tests.services.broker import Broker
from tests.services.proxy import TcpProxy
from tests.writers.kafka.support import (
    deliver,
    deliver_each,
    eventually_delivered,
    ids,
    kafka_writer,
    new_topic,
    outcomes,
    some_events,
)

MakeProxy = Callable[[str, int], TcpProxy]


async def test_a_restart_in_the_middle_loses_nothing(kafka: Broker, writer: KafkaWriter) -> None:
    """What is delivered is there once, what failed is not, and the end is as good as the beginning."""
    topic = kafka.create_topic(new_topic())

    async def keep_writing() -> None:
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(kafka.start)

    restart = asyncio.ensure_future(keep_writing())
    events = some_events(topic, 3000)
    results: list[WriteResult] = []
    for start in range(0, len(events), 20):
        results += await deliver_each(writer, events[start : start + 20], seconds=0.5)
        if restart.done() and start > 1000:
            break
    await restart
    await eventually_delivered(writer, topic)
    there = ids(kafka, topic)
    for event, result in zip(events, results, strict=False):
        expected = {Outcome.DELIVERED: {1}, Outcome.FAILED: {0}, Outcome.UNKNOWN: {0, 1}}[result.outcome]
        assert there.count(event.event_id) in expected
    assert results[0].outcome is Outcome.DELIVERED


async def test_a_broker_that_is_down_at_the_start(kafka: Broker, proxy_to: MakeProxy) -> None:
    """Opening succeeds, events fail with the reason, nothing of them arrives later, and then all is well."""
    topic = kafka.create_topic(new_topic())
    proxy = proxy_to(*kafka.address)
    bootstrap = kafka.through(proxy)
    proxy.cut()
    async with opened(kafka_writer(bootstrap)) as writer:
        results = await deliver_each(writer, some_events(topic, 10), seconds=0.7)
        assert set(outcomes(results)) == {"failed"}
        assert {result.reason for result in results} == {"no Kafka broker can be reached (TRANSPORT)"}
        proxy.restore()
        (result,) = await deliver(writer, make_event(topic=topic, event_id="later"))
        assert result.outcome is Outcome.DELIVERED
    assert ids(kafka, topic) == ["later"]


async def test_a_killed_broker_fails_what_it_never_got(kafka: Broker, writer: KafkaWriter) -> None:
    """Once its death is known, an event that waits for it is certainly not there."""
    topic = kafka.create_topic(new_topic())
    kafka.kill()
    try:
        with pytest.raises(SinkUnavailable):
            await writer.probe()
        results = await deliver_each(writer, some_events(topic, 5), seconds=0.5)
    finally:
        kafka.start()
    assert outcomes(results) == ["failed"] * 5
    await eventually_delivered(writer, topic)
    assert ids(kafka, topic) == ["again"]


async def test_a_paused_broker_leaves_the_outcome_open(kafka: Broker, writer: KafkaWriter) -> None:
    """By the deadline; the event that was sent is there when the broker goes on."""
    topic = kafka.create_topic(new_topic())
    await deliver(writer, make_event(topic=topic, event_id="before"))
    kafka.pause()
    try:
        began = time.monotonic()
        (result,) = await deliver(writer, make_event(topic=topic, event_id="paused"), seconds=0.5)
        took = time.monotonic() - began
        with pytest.raises(SinkUnavailable):
            await writer.probe()
    finally:
        kafka.resume()
    assert result.outcome is Outcome.UNKNOWN
    assert 0.45 < took < 10  # the client itself would wait for minutes
    await eventually_delivered(writer, topic)
    assert ids(kafka, topic) == ["before", "paused", "again"]


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_wire_that_is_cut_in_one_direction(kafka: Broker, proxy_to: MakeProxy, direction: str) -> None:
    """The event is unknown by its deadline; the connection is given up and made anew."""
    topic = kafka.create_topic(new_topic())
    proxy = proxy_to(*kafka.address)
    async with opened(kafka_writer(kafka.through(proxy), timeout_seconds=3.0)) as writer:
        await deliver(writer, make_event(topic=topic, event_id="before"))
        proxy.drop("up" if direction == "up" else "down")
        (result,) = await deliver(writer, make_event(topic=topic, event_id="cut"), seconds=1.0)
        assert result.outcome is Outcome.UNKNOWN
        proxy.drop(None)
        assert isinstance(writer, KafkaWriter)
        await eventually_delivered(writer, topic)
    there = ids(kafka, topic)
    assert there[0] == "before"
    assert there.count("cut") <= 1
    assert direction == "up" or there.count("cut") == 1
    assert there[-1] == "again"


async def test_a_retry_within_the_deadline_delivers_once(kafka: Broker, proxy_to: MakeProxy) -> None:
    """The answer is lost on the way; librdkafka sends again, and the broker knows the message."""
    topic = kafka.create_topic(new_topic())
    proxy = proxy_to(*kafka.address)
    async with opened(kafka_writer(kafka.through(proxy), timeout_seconds=10.0)) as writer:
        await deliver(writer, make_event(topic=topic, event_id="before"))
        proxy.drop("down")
        writing = asyncio.ensure_future(deliver(writer, make_event(topic=topic, event_id="once")))
        while len(await asyncio.to_thread(ids, kafka, topic)) < 2:
            pass
        proxy.reset()
        proxy.drop(None)
        ((result,),) = await asyncio.gather(writing)
    assert result.outcome is Outcome.DELIVERED
    assert ids(kafka, topic) == ["before", "once"]


async def test_the_brokers_limit_is_below_ours(kafka: Broker, writer: KafkaWriter) -> None:
    """The large event is refused for good; its neighbours, refused along with it at first, are delivered."""
    topic = kafka.create_topic(new_topic(), max_message_bytes=2000)
    events = some_events(topic, 30)
    events[7] = make_event({"text": "x" * 5000}, topic=topic, event_id="large")
    results = await deliver(writer, *events)
    assert results[7].outcome is Outcome.REFUSED
    assert "larger" in str(results[7].reason)
    assert outcomes([*results[:7], *results[8:]]) == ["delivered"] * 29
    assert sorted(ids(kafka, topic), key=int) == [str(n) for n in range(30) if n != 7]


async def test_a_compacted_topic_refuses_what_has_no_key(kafka: Broker, writer: KafkaWriter) -> None:
    """And takes its neighbours."""
    topic = kafka.create_topic(new_topic(), cleanup_policy="compact")
    with_key = [make_event(topic=topic, key=str(n), event_id=str(n)) for n in range(5)]
    results = await deliver(writer, *with_key[:2], make_event(topic=topic), *with_key[2:])
    assert outcomes(results) == ["delivered", "delivered", "refused", "delivered", "delivered", "delivered"]
    assert sorted(ids(kafka, topic)) == list("01234")


async def test_a_fatal_error_costs_a_producer_and_not_the_gate(kafka: Broker) -> None:
    """With gapless delivery any refusal is fatal to librdkafka's producer; the next event has a new one."""
    small, topic = kafka.create_topic(new_topic(), max_message_bytes=2000), kafka.create_topic(new_topic())
    async with opened(kafka_writer(kafka.bootstrap, {"enable.gapless.guarantee": True})) as writer:
        assert outcomes(await deliver(writer, make_event(topic=topic))) == ["delivered"]
        await deliver(writer, make_event({"text": "x" * 5000}, topic=small))
        results = await deliver_each(writer, some_events(topic, 10))
    assert set(outcomes(results)) <= {"delivered", "unknown"}
    assert outcomes(results)[-1] == "delivered"


async def test_a_frozen_process_leaves_nothing_behind(kafka: Broker, proxy_to: MakeProxy) -> None:
    """On Lambda what is unknown at the deadline is given up: it must not be sent an hour later."""
    topic = kafka.create_topic(new_topic())
    proxy = proxy_to(*kafka.address)
    async with opened(kafka_writer(kafka.through(proxy), timeout_seconds=30.0, freezes=True)) as writer:
        await deliver(writer, make_event(topic=topic, event_id="before"))
        proxy.drop("up")
        (result,) = await deliver(writer, make_event(topic=topic, event_id="given-up"), seconds=0.5)
        assert result.outcome is Outcome.UNKNOWN
        proxy.reset()
        proxy.drop(None)
        assert isinstance(writer, KafkaWriter)
        await eventually_delivered(writer, topic)
    assert ids(kafka, topic) == ["before", "again"]
