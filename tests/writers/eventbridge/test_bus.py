"""Events on a bus, read back through a rule and a queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from eventgate.core.model import Outcome
from eventgate.core.writer import WriterContext
from eventgate.errors import ConfigurationError, SinkUnavailable
from eventgate.testing import make_event
from eventgate.writers.eventbridge import writer as module
from eventgate.writers.eventbridge.settings import EventBridgeTopicSettings
from eventgate.writers.eventbridge.writer import EventBridgeWriter, build
from tests.aws.environment import use_credentials
from tests.services.aws import Aws
from tests.writers.eventbridge.buses import bus_writer, put, settings


class Bus:
    """A bus with one rule, which brings everything from `orders` and `shop` into a queue."""

    def __init__(self, aws: Aws) -> None:
        aws.reset()
        self._sqs = aws.client("sqs")
        events = aws.client("events")
        events.create_event_bus(Name="orders-bus")
        self._queue: str = self._sqs.create_queue(QueueName="orders-queue")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        pattern = json.dumps({"source": ["orders", "shop"]})
        events.put_rule(Name="all", EventBusName="orders-bus", EventPattern=pattern)
        target = {"Id": "queue", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="all", EventBusName="orders-bus", Targets=[target])

    def messages(self) -> list[dict[str, Any]]:
        """All events that came through the rule so far."""
        found: list[dict[str, Any]] = []
        while batch := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in batch]
            for message in batch:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def bus(aws: Aws) -> Bus:
    return Bus(aws)


@pytest.fixture
async def writer(aws: Aws, bus: Bus) -> AsyncIterator[EventBridgeWriter]:
    writer = bus_writer(aws.endpoint_url)
    await writer.open()
    yield writer
    await writer.close()


async def test_events_come_through_a_rule_with_what_rules_go_by(writer: EventBridgeWriter, bus: Bus) -> None:
    own = EventBridgeTopicSettings(source="shop", detail_type="/kind", resources=("arn:aws:s3:::b",))
    first = make_event({"kind": "Order", "n": 1}, received_at=1_700_000_000.9, options={"eventbridge": own})
    results = await put(writer, first, make_event({"n": 2}), make_event({"n": 3}, topic="unruled"))
    assert [each.outcome for each in results] == [Outcome.DELIVERED] * 3
    one, two = sorted(bus.messages(), key=lambda message: int(message["detail"]["n"]))
    assert (one["id"], two["id"]) == (results[0].position["id"], results[1].position["id"])
    assert (one["source"], one["detail-type"], one["resources"]) == ("shop", "Order", ["arn:aws:s3:::b"])
    assert one["detail"] == {"kind": "Order", "n": 1}
    assert one["time"] == "2023-11-14T22:13:20Z"
    assert (two["source"], two["detail-type"], two["resources"]) == ("orders", "JSON", [])


async def test_many_at_once_all_arrive(writer: EventBridgeWriter, bus: Bus) -> None:
    groups = [[make_event({"n": 10 * group + n}) for n in range(10)] for group in range(8)]
    results = await asyncio.gather(*(put(writer, *group) for group in groups))
    assert {each.outcome for group in results for each in group} == {Outcome.DELIVERED}
    assert sorted(message["detail"]["n"] for message in bus.messages()) == list(range(80))


async def test_the_probe_asks_for_the_bus(writer: EventBridgeWriter, aws: Aws) -> None:
    await writer.probe()
    aws.client("events").delete_event_bus(Name="orders-bus")
    with pytest.raises(SinkUnavailable, match="it does not exist"):
        await writer.probe()


async def test_a_paused_service_is_unknown_and_recovers(writer: EventBridgeWriter, aws: Aws) -> None:
    """As a host that does not answer."""
    aws.pause()
    try:
        results = await put(writer, make_event(), seconds=1.5)
    finally:
        aws.resume()
    assert [each.outcome for each in results] == [Outcome.UNKNOWN]
    assert [each.outcome for each in await put(writer, make_event())] == [Outcome.DELIVERED]


async def test_the_address_may_come_from_the_environment(aws: Aws, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """As AWS's own tools take it."""
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    writer = bus_writer(None)
    await writer.open()
    assert [each.outcome for each in await put(writer, make_event())] == [Outcome.DELIVERED]
    await writer.close()


async def test_a_topic_that_aws_would_not_take_is_a_finding() -> None:
    topics = {"aws.mine": None, "orders": None, "aws.named": EventBridgeTopicSettings(source="shop")}
    findings = await bus_writer(None).inspect(topics)
    assert [each.file for each in findings] == ["topic aws.mine"]


def test_without_botocore_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_installed", lambda: False)
    with pytest.raises(ConfigurationError) as caught:
        build(settings(), WriterContext(name="eb", directory=None))
    assert [(each.pointer, each.hint) for each in caught.value.findings] == [
        ("/writers/eb", "pip install 'eventgate[aws]'")
    ]
