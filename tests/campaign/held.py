"""What the sinks of a campaign hold at its end."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from tests.campaign.judge import Sinks
from tests.campaign.records import Key
from tests.campaign.site import TOPICS, Site
from tests.campaign.wire import canonical

WITH_A_LEDGER = frozenset({"postgres", "sqlite"})


def read_back(site: Site) -> Sinks:
    """Every event in every sink, each by its own bytes."""
    in_kafka, in_sqlite = _in_kafka(site), _in_sqlite(site)
    held: Mapping[str, Counter[Key]] = {
        "kafka": Counter(in_kafka.values()),
        "postgres": _in_postgres(site),
        "sqlite": Counter(in_sqlite.values()),
        "eventbridge": Counter(_parsed(event["source"], event["detail"]) for event in site.bus.events()),
    }
    dead = {letter for gate in site.gates for letter in gate.dead_letters()}
    return Sinks(held, WITH_A_LEDGER, dead, {"kafka": in_kafka, "sqlite": in_sqlite})


def _in_kafka(site: Site) -> Mapping[tuple[str, int], Key]:
    found: dict[tuple[str, int], Key] = {}
    for topic in TOPICS:
        for message in site.kafka.read(site.kafka_topic(topic)):
            event_id = message.headers["eventgate-event-id"].decode()
            found[topic, message.offset] = Key(topic, event_id, hashlib.sha256(message.value or b"").hexdigest())
    return found


def _in_postgres(site: Site) -> Counter[Key]:
    events = site.postgres.fetch("select topic, payload from eventgate_events", database=site.database)
    rows = site.postgres.fetch("select payload from campaign_rows", database=site.database)
    found = Counter(_parsed(row["topic"], json.loads(row["payload"])) for row in events)
    found.update(_parsed("rows", json.loads(row["payload"])) for row in rows)
    return found


def _in_sqlite(site: Site) -> Mapping[tuple[str, int], Key]:
    with closing(sqlite3.connect(site.file)) as file:
        rows = file.execute("select seq, topic, event_id, event from events").fetchall()
    return {
        (topic, seq): Key(topic, event_id, hashlib.sha256(event.encode()).hexdigest())
        for seq, topic, event_id, event in rows
    }


def _parsed(topic: str, event: Any) -> Key:
    """For sinks that keep the document, not its bytes."""
    return Key(topic, event["event_id"], hashlib.sha256(canonical(event)).hexdigest())
