"""What requests come to in numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult
from eventgate.core.routes import ROUTES
from eventgate.errors import Problem
from eventgate.telemetry import families
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.families import FAMILIES, Series, lasting, merged
from eventgate.telemetry.meters import Meters
from eventgate.telemetry.snapshots import Snapshot, read
from eventgate.testing import RecordingWriter
from tests.core.gateway_support import TOKENS, Bench

TOPIC = "/topics/{topic}"


def posted(status: int = 202, outcome: Outcome = Outcome.DELIVERED, **members: Any) -> Trail:
    results = {"kafka": WriteResult(outcome)}
    return Trail(
        "POST", TOPIC, "c", status, "runs", "ada", "e-1", results=results, spent={"kafka": (9.0, 0.02)}, **members
    )


def counted(*trails: Trail) -> Series:
    meters = Meters()
    for trail in trails:
        meters.finished(trail)
    return meters.series()


def test_requests_are_counted_by_route_and_status() -> None:
    series = counted(posted(), posted(), posted(500), Trail("GET", "/api", "c", 200), Trail("GET", "", "c", 404))
    assert series["requests"] == {
        (TOPIC, "202"): 2,
        (TOPIC, "500"): 1,
        ("/api", "200"): 1,
        ("none", "404"): 1,
    }


def test_a_time_is_counted_in_the_first_bucket_that_it_fits_into() -> None:
    bounds = families.REQUEST_SECONDS.buckets
    series = counted(*(Trail("GET", "/api", "c", 200, seconds=each) for each in (0.0, bounds[1], 0.3, 999.0)))
    row = series["request_duration_seconds"]["/api",]
    assert isinstance(row, list)
    assert [index for index, count in enumerate(row[:-1]) if count] == [0, 1, bounds.index(0.5), len(bounds)]
    assert row[-1] == bounds[1] + 999.3


def test_outcomes_and_times_are_counted_by_writer() -> None:
    series = counted(posted(), posted(500, Outcome.FAILED))
    assert series["writes"] == {("kafka", "delivered"): 1, ("kafka", "failed"): 1}
    row = series["write_duration_seconds"]["kafka",]
    assert isinstance(row, list)
    assert (sum(row[:-1]), row[-1]) == (2, 0.04)


def test_a_batch_counts_its_items() -> None:
    outcomes = {"kafka": {Outcome.DELIVERED: 2}}
    series = counted(Trail("POST", TOPIC, "c", 207, "runs", items={202: 2, 400: 1}, outcomes=outcomes))
    assert series["events"] == {("runs", "202"): 2, ("runs", "400"): 1}
    assert series["writes"] == {("kafka", "delivered"): 2}
    row = series["batch_events"][()]
    assert isinstance(row, list)
    assert row[-1] == 3


def test_a_refusal_counts_once_for_each_type_and_reason_of_its_errors() -> None:
    problems = (Problem("validation", "a", pointer="/a"), Problem("validation", "b", pointer="/b"))
    expired = Problem("auth", "expired", reason="expired")
    series = counted(posted(400, problems=problems), Trail("POST", TOPIC, "c", 401, problems=(expired,)))
    assert series["refusals"] == {("runs", "validation", "none"): 1, ("none", "auth", "expired"): 1}


def test_events_that_are_only_validated_are_no_events() -> None:
    assert "events" not in counted(Trail("POST", "/topics/{topic}/validate", "c", 200, "runs"))


def test_silence_is_counted_from_the_last_event_that_was_accepted_or_from_the_start() -> None:
    now = 100.0
    meters = Meters(lambda: now)
    now = 200.0
    meters.finished(posted())
    meters.finished(Trail("POST", TOPIC, "c", 207, "jobs", items={202: 1, 400: 1}))
    now = 300.0
    meters.finished(posted(400))
    series = meters.series(Condition(0, topics=("runs", "idle")))
    assert series["last_event_timestamp_seconds"] == {("runs",): 200.0, ("jobs",): 200.0, ("idle",): 100.0}


def test_what_is_taken_is_not_counted_again() -> None:
    meters = Meters()
    meters.finished(posted())
    assert meters.take()["events"] == {("runs", "202"): 1}
    assert meters.take() == {}


def test_what_is_not_known_of_a_gate_has_no_gauge() -> None:
    series = Meters().series(Condition(3, key_age=1.5))
    assert {name: rows[()] for name, rows in series.items() if () in rows} == {
        "events_in_flight": 3,
        "key_age_seconds": 1.5,
    }


values = st.integers(0, 1000)


@st.composite
def trails(draw: st.DrawFn) -> Trail:
    return posted(draw(st.sampled_from([202, 400, 500])), draw(st.sampled_from(list(Outcome))), seconds=draw(values))


@given(st.lists(trails()), st.lists(trails()))
def test_two_processes_together_count_what_one_would_have_counted(some: list[Trail], others: list[Trail]) -> None:
    assert without_times(merged(counted(*some), counted(*others))) == without_times(counted(*some, *others))


def without_times(series: Series) -> Series:
    """Without the time of the last event, and to the precision of a sum in any order."""
    rows = {name: dict(rows) for name, rows in series.items() if name != families.LAST_EVENT.name}
    for each in rows.values():
        each.update({key: [round(part, 6) for part in row] for key, row in each.items() if isinstance(row, list)})
    return rows


def test_gauges_of_processes_are_added_or_the_worst_counts() -> None:
    def gauges(value: float) -> Series:
        return {"events_in_flight": {(): value}, "key_age_seconds": {(): value}}

    assert merged(gauges(3), gauges(4)) == {"events_in_flight": {(): 7}, "key_age_seconds": {(): 4}}


def test_a_process_that_is_gone_leaves_its_counts_and_not_its_gauges() -> None:
    meters = Meters()
    meters.finished(posted())
    left = lasting(meters.series(Condition(3, topics=("runs",), key_age=9)))
    assert {"events_in_flight", "key_age_seconds"}.isdisjoint(left)
    assert {"requests", "events", "last_event_timestamp_seconds"} <= left.keys()


def test_a_snapshot_is_read_as_it_was_written() -> None:
    meters = Meters()
    meters.finished(posted())
    series = meters.series(Condition(3, topics=("a\nb", "straße")))
    before, line, after = Snapshot.of(7, "p-1", series).line().split(b"\n")
    found = read(line)
    assert (before, after) == (b"", b"")
    assert found is not None
    assert (found.number, found.process, found.series) == (7, "p-1", series)


@pytest.mark.parametrize("line", [b"", b"{", b"{}", b"\xff", b'{"number":1', b"[1]"])
def test_what_a_killed_process_left_is_no_snapshot(line: bytes) -> None:
    assert read(line) is None


async def test_labels_are_bounded_whatever_clients_send() -> None:
    """Topics, methods and paths that are not ours come to no label, and neither do ids, subjects or values."""
    bench = Bench(RecordingWriter("kafka"), event_id="/t")
    for number in range(300):
        made_up = f"planted{number}"
        await bench.ask(made_up, f"/{made_up}")
        await bench.ask("GET", f"/topics/{made_up}")
        await bench.post(path=f"/topics/{made_up}")
        await bench.post(sub=made_up)
        await bench.post(json.dumps({"a": number, "t": made_up}).encode(), headers={"x-correlation-id": made_up})
        await bench.post(json.dumps({made_up: number}).encode(), headers={"content-type": made_up})
        await bench.ask("POST", "/topics/orders", token=made_up)
    series = counted(*bench.trails.all)
    known = {"none", "orders", "kafka"} | {route.template for route in ROUTES} | {outcome.value for outcome in Outcome}
    known |= {str(status) for status in (202, 400, 401, 403, 404, 405, 415)}
    known |= {"auth", "route", "method", "media", "validation", "topic", "not_listed", "malformed"}
    assert {label for rows in series.values() for labels in rows for label in labels} <= known
    assert sum(len(rows) for rows in series.values()) < 40
    assert "planted" not in Snapshot.of(1, "p", series).line().decode()
    assert TOKENS.token("x")[:20] not in str(series)


def test_every_family_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert all(family.help.endswith(".") for family in FAMILIES)
    assert all(list(family.buckets) == sorted(family.buckets) for family in FAMILIES)
