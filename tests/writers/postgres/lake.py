"""What the tests of the data lake's statements share."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from eventgate.core.model import Event
from eventgate.testing import make_event
from eventgate.writers.postgres.settings import PostgresTopicSettings, TopicStatements
from eventgate.writers.postgres.statements import fill

LAKE = Path(__file__).parents[3] / "examples" / "data-lake"
PACKAGED = Path(__file__).parents[3] / "src" / "eventgate" / "writers" / "postgres" / "builtin" / "data-lake"
SCHEMA = (PACKAGED / "schema.sql").read_text()
TOPICS = {
    "public.cps.za.runs": ("runs.sql", "runs_jobs.sql"),
    "public.cps.za.dlchange": ("dlchange.sql",),
    "public.cps.za.test": ("test.sql",),
    "public.cps.za.status_change": ("status_change.sql",),
}


@functools.cache
def statements(topic: str) -> TopicStatements:
    return fill(PostgresTopicSettings(sql=tuple(f"builtin:data-lake/{name}" for name in TOPICS[topic])), {})


def lake_event(topic: str, document: Any, body: bytes | None = None) -> Event:
    given = {"body": body} if body is not None else {"document": document}
    return make_event(topic=topic, event_id=document["event_id"], options={"postgres": statements(topic)}, **given)


def samples(topic: str) -> list[Event]:
    lines = (LAKE / "events" / "valid" / f"{topic}.ndjson").read_bytes().splitlines()
    return [lake_event(topic, json.loads(line), line) for line in lines]
