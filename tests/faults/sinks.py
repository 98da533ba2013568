"""One test's own corner of the sinks, and what lies there."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.aws.stub import EventsStub
from tests.services.aws import ACCOUNT, REGION, Aws
from tests.services.broker import Broker
from tests.services.database import Database
from tests.writers.postgres.support import new_database


class Bus:
    """An event bus that moto plays, with a rule that leads every event to a queue."""

    def __init__(self, aws: Aws) -> None:
        self.url = aws.endpoint_url
        name = f"bus-{uuid.uuid4().hex}"
        events, self._queues = aws.client("events"), aws.client("sqs")
        self._queue = self._queues.create_queue(QueueName=name)["QueueUrl"]
        self._read: list[dict[str, Any]] = []
        self.arn: str = events.create_event_bus(Name=name)["EventBusArn"]
        pattern = json.dumps({"account": [ACCOUNT]})
        events.put_rule(Name=name, EventBusName=name, EventPattern=pattern, State="ENABLED")
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
        events.put_targets(Rule=name, EventBusName=name, Targets=[target])

    def events(self) -> list[dict[str, Any]]:
        """The events that came to the queue, as EventBridge hands them to targets."""
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 43_200}
        while messages := self._queues.receive_message(**asked).get("Messages"):
            self._read += [json.loads(message["Body"]) for message in messages]
        return self._read

    def ids(self) -> list[str]:
        """The ids of the events that came to the queue."""
        return [event["detail"]["event_id"] for event in self.events()]


class ScriptedBus:
    """A bus that does as a test says."""

    def __init__(self, stub: EventsStub) -> None:
        self.stub = stub
        self.url = stub.url
        self.arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/scripted"

    def ids(self) -> list[str]:
        """The ids of the events that it took."""
        return [json.loads(entry["Detail"])["event_id"] for entry in self.stub.taken]


class Sinks:
    """A Kafka topic, a database and a bus of a test's own; `writers` is what a configuration says of them."""

    def __init__(self, kafka: Broker, postgres: Database, bus: Bus | ScriptedBus) -> None:
        self.kafka, self.postgres, self.bus = kafka, postgres, bus
        self.topic = f"faults-{uuid.uuid4().hex}"
        self.database = new_database(postgres)
        self.writers: dict[str, dict[str, Any]] = {
            "kafka": {"bootstrap_servers": kafka.bootstrap},
            "postgres": {"dsn": f"{postgres.dsn(self.database)}?sslmode=disable"},
            "eventbridge": {"event_bus_arn": bus.arn, "endpoint_url": bus.url},
        }

    def held(self) -> Mapping[str, Counter[str]]:
        """How often each sink holds each event id."""
        rows = self.postgres.fetch("select event_id from eventgate_events", database=self.database)
        return {
            "kafka": Counter(each.headers["eventgate-event-id"].decode() for each in self.kafka.read(self.topic)),
            "postgres": Counter(str(row["event_id"]) for row in rows),
            "eventbridge": Counter(self.bus.ids()),
        }
