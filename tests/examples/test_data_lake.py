"""The data lake example: its events are current, and the gate says of each what the example says it does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventgate.core.auth.access import parse_access
from eventgate.core.json import parse
from eventgate.core.topics import CompiledSchema, compile_schema
from eventgate.errors import InvalidEvent

LAKE = Path(__file__).parents[2] / "examples" / "data-lake"
TOPICS = ("public.cps.za.dlchange", "public.cps.za.runs", "public.cps.za.status_change", "public.cps.za.test")
MAX_DEPTH = 64


def lines(*place: str) -> list[bytes]:
    return LAKE.joinpath("events", *place).read_bytes().splitlines()


def schema_of(topic: str) -> CompiledSchema:
    folder = LAKE / "topics"
    resources = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    return compile_schema(resources[f"{topic}.json"], uri=f"{topic}.json", resources=resources)


def said(schema: CompiledSchema, line: bytes) -> list[tuple[str, str, str]]:
    """Pointer, keyword and property of every problem, sorted."""
    with pytest.raises(InvalidEvent) as caught:
        schema.check(parse(line, MAX_DEPTH), len(line))
    assert not caught.value.truncated
    return sorted((p.pointer or "", p.keyword or "", p.property or "") for p in caught.value.problems)


def test_the_committed_events_are_what_the_generator_writes(tmp_path: Path) -> None:
    """The same bytes on every Python, so that a change of the generator shows in the events."""
    subprocess.run([sys.executable, LAKE / "generate.py", tmp_path], check=True)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.ndjson")}
    kept = {path.relative_to(LAKE / "events"): path.read_bytes() for path in (LAKE / "events").rglob("*.ndjson")}
    assert written == kept


@pytest.mark.parametrize("topic", TOPICS)
def test_every_valid_event_passes(topic: str) -> None:
    schema = schema_of(topic)
    events = lines("valid", f"{topic}.ndjson")
    assert len(events) >= 40
    for line in events:
        schema.check(parse(line, MAX_DEPTH), len(line))


@pytest.mark.parametrize("topic", TOPICS)
def test_every_invalid_event_is_refused_for_the_stated_reasons_and_no_others(topic: str) -> None:
    schema = schema_of(topic)
    events = lines("invalid", f"{topic}.ndjson")
    expected: list[dict[str, Any]] = [json.loads(line) for line in lines("invalid", f"{topic}.expected.ndjson")]
    assert [entry["line"] for entry in expected] == list(range(1, len(events) + 1))
    for line, entry in zip(events, expected, strict=True):
        wanted = sorted((p["pointer"], p["keyword"], p.get("property", "")) for p in entry["problems"])
        assert said(schema, line) == wanted, entry["why"]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_event_is_strict_json_and_ids_of_valid_ones_are_distinct(topic: str) -> None:
    events = [json.loads(line) for line in lines("valid", f"{topic}.ndjson")]
    assert len({event["event_id"] for event in events}) == len(events)
    for line in lines("valid", f"{topic}.ndjson") + lines("invalid", f"{topic}.ndjson"):
        parse(line, MAX_DEPTH)


def test_a_jobs_events_arrive_out_of_order_and_have_one_time_each() -> None:
    """Whoever merges them by job has to order them by time."""
    times: dict[str, list[int]] = {}
    for line in lines("valid", "public.cps.za.status_change.ndjson"):
        event = json.loads(line)
        times.setdefault(event["job_id"], []).append(event["timestamp_event"])
    assert any(moments != sorted(moments) for moments in times.values())
    assert all(len(set(moments)) == len(moments) for moments in times.values())


def test_the_access_file_lets_the_restricted_subject_send_only_its_own_runs() -> None:
    content = json.loads((LAKE / "access.json").read_bytes())
    policy, findings = parse_access(content, file="access.json", fold_case=False)
    assert findings == ()
    assert set(policy.topics) == set(TOPICS)
    assert set(policy.subjects("public.cps.za.runs")) == {"FooBarUser", "RestrictedUser"}
