"""A job's row, merged from its events: it depends on them and on nothing else."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventgate.core.model import Event
from eventgate.testing.contract import opened
from tests.services.database import Database
from tests.writers.postgres.lake import SCHEMA, lake_event, statements
from tests.writers.postgres.support import deliver, new_database, outcomes, plain, postgres_writer

JOB = "7021c87e-cd68-4270-97ea-49f4fe4630de"
OTHER = "2ca1d46d-1c29-4070-8a8d-978096ceda57"


def change(number: int, at: int, kind: str, status: str, job: str = JOB, **members: Any) -> Event:
    """An event of a job's life."""
    named = {"event_id": f"e-{number}", "event_type": f"Job{kind}Event", "timestamp_event": at, "status_type": status}
    return lake_event("public.cps.za.status_change", {**named, "job_id": job, **members})


async def merged(dsn: str, groups: Sequence[Sequence[Event]]) -> list[dict[str, Any]]:
    """The rows that these groups make, one after the other, in empty tables; without the ledger, so repeats count."""
    connection = await asyncpg.connect(plain(dsn))
    try:
        async with connection.transaction():
            await connection.execute("TRUNCATE public_cps_za_status_change_aggregated_job, eventgate_merge")
            sql = statements("public.cps.za.status_change").sql[0].text
            for group in groups:
                await connection.execute(sql, f"[{','.join(event.body.decode() for event in group)}]")
        rows = await connection.fetch("SELECT * FROM public_cps_za_status_change_aggregated_job ORDER BY job_id")
        return [dict(row) for row in rows]
    finally:
        await connection.close()


_TEXT = st.sampled_from([None, "", "a", "b", "x-y"])
_LIFE = st.builds(
    lambda at, kind, job, members: (at, *kind, job, members),
    st.integers(0, 4).map(lambda step: 1_767_677_978_640 + step),
    st.sampled_from(
        [
            ("Created", "WAITING"),
            ("CreatedAndStarted", "RUNNING"),
            ("Started", "RUNNING"),
            ("Updated", "WAITING"),
            ("Updated", "RUNNING"),
            ("Finished", "SUCCEEDED"),
            ("Finished", "FAILED"),
        ]
    ),
    st.sampled_from([JOB, OTHER]),
    st.fixed_dictionaries(
        {},
        optional={
            "job_name": _TEXT,
            "environment": _TEXT,
            "status_subtype": _TEXT,
            "status_detail": _TEXT,
            "parent_job_id": st.sampled_from([None, JOB, OTHER]),
            "attempt_number": st.sampled_from([None, 1, 2, 3]),
            "platform_metadata": st.sampled_from([None, {}, {"cluster": 2**70}]),
            "additional_context": st.none() | st.dictionaries(st.sampled_from(["", "k", "l"]), st.integers(0, 2)),
        },
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """Events of two jobs in order of their numbers, and the same in another order, in groups, some of them twice."""
    lives = draw(st.lists(_LIFE, min_size=1, max_size=8))
    events = [
        change(number, at, kind, status, job, **members)
        for number, (at, kind, status, job, members) in enumerate(lives)
    ]
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    shuffled = draw(st.permutations([*events, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    groups = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True) if a < b]
    return events, groups


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_a_jobs_row_depends_on_its_events_and_on_nothing_else(
    postgres: Database, merging: str, history: tuple[list[Event], list[list[Event]]]
) -> None:
    """Not on their order, their grouping, or how often they come."""
    events, groups = history
    dsn = postgres.dsn(merging)
    rows = asyncio.run(merged(dsn, groups))
    assert rows == asyncio.run(merged(dsn, [[event] for event in events]))
    for row in rows:
        check_against_the_rules(
            row, [event.document for event in events if event.document["job_id"] == str(row["job_id"])]
        )


def check_against_the_rules(row: dict[str, Any], documents: list[dict[str, Any]]) -> None:
    """What the row says, worked out in the plainest way."""
    finality = {"WAITING": 0, "RUNNING": 1}
    ordered = sorted(
        documents, key=lambda each: (each["timestamp_event"], finality.get(each["status_type"], 2), each["event_id"])
    )
    last = ordered[-1]
    for name in ("status_type", "status_subtype", "status_detail"):
        assert row[name] == last.get(name)
    names = [each["job_name"] for each in ordered if each.get("job_name")]
    assert row["job_name"] == (names[-1] if names else None)
    attempts = [each["attempt_number"] for each in ordered if each.get("attempt_number") not in (None, 1)]
    assert row["attempt_number"] == (attempts[-1] if attempts else 1)
    contexts = [each["additional_context"] for each in ordered if each.get("additional_context") is not None]
    whole = functools.reduce(lambda one, two: {**one, **two}, contexts) if contexts else None
    assert whole == (None if row["additional_context"] is None else json.loads(row["additional_context"]))
    assert row["last_updated_at"].timestamp() * 1000 == pytest.approx(last["timestamp_event"], abs=0.01)
    ended = [each for each in ordered if each["event_type"] == "JobFinishedEvent"]
    assert (row["finished_at"] is not None) == bool(ended)


@pytest.fixture(scope="module")
def merging(postgres: Database) -> str:
    """One database for all examples."""
    return new_database(postgres, tables=SCHEMA)


async def test_a_tie_does_not_turn_a_finished_job_back(postgres: Database, lake: str) -> None:
    """Of two events of one millisecond the more final one counts, whichever comes last."""
    events = [change(1, 5, "Finished", "SUCCEEDED"), change(2, 5, "Updated", "RUNNING")]
    for order in (events, events[::-1]):
        assert [row["status_type"] for row in await merged(postgres.dsn(lake), [[e] for e in order])] == ["SUCCEEDED"]


async def test_gates_that_write_about_one_job_at_once_merge_all_of_it(postgres: Database, lake: str) -> None:
    """Two writers, each event in a transaction of its own, all at once."""
    events = [
        change(number, 1000 + number, "Updated", "RUNNING", job, additional_context={f"k{number}": number})
        for number in range(40)
        for job in ([JOB] if number % 2 else [OTHER])
    ]
    events.sort(key=lambda event: event.sha256)  # in no order of its own
    async with opened(postgres_writer(postgres.dsn(lake))) as one, opened(postgres_writer(postgres.dsn(lake))) as two:
        results = await asyncio.gather(
            *(deliver((one, two)[n % 2], event, seconds=30) for n, event in enumerate(events))
        )
    assert {outcome for each in results for outcome in outcomes(each)} == {"delivered"}
    rows = postgres.fetch("SELECT * FROM public_cps_za_status_change_aggregated_job", database=lake)
    assert [len(json.loads(row["additional_context"])) for row in rows] == [20, 20]


async def test_a_row_from_before_goes_on(postgres: Database, lake: str) -> None:
    """What another program had merged already is not lost with the first event that comes here."""
    postgres.execute(
        "INSERT INTO public_cps_za_status_change_aggregated_job (job_id, job_name, status_type, attempt_number, "
        "additional_context, created_at, last_updated_at) VALUES ($1::text::uuid, 'old', 'RUNNING', 3, '{\"a\": 1}', "
        "timestamptz 'epoch', timestamptz 'epoch' + interval '5 ms')",
        JOB,
        database=lake,
    )
    async with opened(postgres_writer(postgres.dsn(lake))) as writer:
        late = change(1, 4, "Updated", "WAITING", job_name="older", platform="EMR")
        then = change(2, 9, "Finished", "FAILED", additional_context={"b": 2})
        assert outcomes(await deliver(writer, late, then)) == ["delivered", "delivered"]
    row = postgres.fetch("SELECT * FROM public_cps_za_status_change_aggregated_job", database=lake)[0]
    assert (row["job_name"], row["platform"], row["status_type"], row["attempt_number"]) == ("old", "EMR", "FAILED", 3)
    assert json.loads(row["additional_context"]) == {"a": 1, "b": 2}
    assert row["created_at"] is not None
