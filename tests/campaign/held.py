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
    held: Mapping[str, Counter[Key]] = {
        "kafka": _in_kafka(site),
        "postgres": _in_postgres(site),
        "sqlite": _in_sqlite(site),
        "eventbridge": Counter(_parsed(event["source"], event["detail"]) for event in site.bus.events()),
    }
    dead = {letter for gate in site.gates for letter in gate.dead_letters()}
    return Sinks(held, WITH_A_LEDGER, dead)


def _in_kafka(site: Site) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for topic in TOPICS:
        for message in site.kafka.read(site.kafka_topic(topic)):
            value = message.value or b""
            event_id = message.headers["eventgate-event-id"].decode()
            found[Key(topic, event_id, hashlib.sha256(value).hexdigest())] += 1
    return found


def _in_postgres(site: Site) -> Counter[Key]:
    events = site.postgres.fetch("select topic, payload from eventgate_events", database=site.database)
    rows = site.postgres.fetch("select payload from campaign_rows", database=site.database)
    found = Counter(_parsed(row["topic"], json.loads(row["payload"])) for row in events)
    found.update(_parsed("rows", json.loads(row["payload"])) for row in rows)
    return found


def _in_sqlite(site: Site) -> Counter[Key]:
    with closing(sqlite3.connect(site.file)) as file:
        rows = file.execute("select topic, event_id, event from events").fetchall()
    return Counter(Key(topic, event_id, hashlib.sha256(event.encode()).hexdigest()) for topic, event_id, event in rows)


def _parsed(topic: str, event: Any) -> Key:
    """For sinks that keep the document, not its bytes."""
    return Key(topic, event["event_id"], hashlib.sha256(canonical(event)).hexdigest())
