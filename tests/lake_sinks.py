"""The data lake's sinks, real ones: four Kafka topics, a bus with a queue behind it, and a database with its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.sinks import Bus
from tests.services.aws import Aws
from tests.services.broker import Broker, Message
from tests.services.database import Database

LAKE = Path(__file__).parents[1] / "examples" / "data-lake"
SUBJECTS = {
    "public.cps.za.runs": "FooBarUser",
    "public.cps.za.dlchange": "FooUser",
    "public.cps.za.test": "TestUser",
    "public.cps.za.status_change": "TestUser",
}
"""Who may write to each topic."""
_COUNTS = """
    SELECT (SELECT count(*) FROM public_cps_za_runs) AS runs,
        (SELECT count(*) FROM public_cps_za_runs_jobs) AS jobs,
        (SELECT count(*) FROM public_cps_za_dlchange) AS dlchange,
        (SELECT count(*) FROM public_cps_za_test) AS test,
        (SELECT count(*) FROM public_cps_za_status_change_aggregated_job) AS status_change
"""


def lines(topic: str) -> list[bytes]:
    """The example's valid events of a topic, as they are posted."""
    return (LAKE / "events" / "valid" / f"{topic}.ndjson").read_bytes().splitlines()


def fits_the_bus(document: Any) -> bool:
    """Whether EventBridge takes the event: none of its integers is over 64 bits."""
    if isinstance(document, dict | list):
        return all(map(fits_the_bus, document.values() if isinstance(document, dict) else document))
    return not isinstance(document, int) or -(2**63) <= document < 2**63


@dataclass
class Held:
    """What the sinks hold of one topic: messages, events at the bus's target, and how many rows its tables have."""

    messages: list[Message]
    events: list[dict[str, Any]]
    rows: Mapping[str, int]


class LakeSinks:
    """A database of a test's own, a bus, and the Kafka topics, of which only what comes from now on is looked at."""

    def __init__(self, kafka: Broker, postgres: Database, aws: Aws) -> None:
        self.kafka, self._postgres = kafka, postgres
        self.bus = Bus(aws)
        self.database = postgres.create_database()
        postgres.execute((LAKE / "sql" / "schema.sql").read_text(), database=self.database)
        there = kafka.admin().list_topics(timeout=60).topics
        for topic in SUBJECTS.keys() - there.keys():
            kafka.create_topic(topic)
        self._before = {topic: len(kafka.read(topic)) for topic in SUBJECTS}

    def held(self, topic: str) -> Held:
        """What lies there now."""
        rows = self._postgres.fetch(_COUNTS, database=self.database)[0]
        events = [event for event in self.bus.events() if event["source"] == topic]
        return Held(self.kafka.read(topic)[self._before[topic] :], events, rows)

    def check(self, topic: str, posted: Sequence[bytes], no_key: bytes | None) -> None:
        """What was posted lies in all three sinks, once, as it was; its key in Kafka is `no_key` where none is set."""
        held = self.held(topic)
        documents = [json.loads(line) for line in posted]
        keys = [each["job_id"].encode() if topic.endswith("status_change") else no_key for each in documents]
        found = sorted((message.value or b"", message.key) for message in held.messages)
        assert found == sorted(zip(posted, keys, strict=True))
        on_the_bus = [each["event_id"] for each in documents if fits_the_bus(each)]
        assert sorted(event["detail"]["event_id"] for event in held.events) == sorted(on_the_bus)
        assert {(event["source"], event["detail-type"]) for event in held.events} == {(topic, "JSON")}
        expected = len({d["job_id"] for d in documents}) if topic.endswith("status_change") else len(documents)
        assert held.rows[topic.rpartition(".")[2]] == expected
        if topic.endswith("runs"):
            assert held.rows["jobs"] == sum(len(each["jobs"]) for each in documents)
