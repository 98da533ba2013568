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
    """A bus that moto plays, with a rule that leads every event to a log group: a long queue moto reads slowly."""

    def __init__(self, aws: Aws) -> None:
        self.url = aws.endpoint_url
        self._group = f"bus-{uuid.uuid4().hex}"
        events, self._logs = aws.client("events"), aws.client("logs")
        self._logs.create_log_group(logGroupName=self._group)
        self.arn: str = events.create_event_bus(Name=self._group)["EventBusArn"]
        pattern = json.dumps({"account": [ACCOUNT]})
        events.put_rule(Name=self._group, EventBusName=self._group, EventPattern=pattern, State="ENABLED")
        target = {"Id": "log", "Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self._group}"}
        events.put_targets(Rule=self._group, EventBusName=self._group, Targets=[target])

    def events(self) -> list[dict[str, Any]]:
        """The events that came to the bus, as EventBridge hands them to targets."""
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=self._group)
        return [json.loads(entry["message"]) for page in pages for entry in page["events"]]

    def ids(self) -> list[str]:
        """Their ids."""
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
