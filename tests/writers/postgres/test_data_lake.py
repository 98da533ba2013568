"""The statements for the data lake's topics: every sample event fits them."""

from __future__ import annotations

import json

import asyncpg
import pytest

from eventgate.testing.contract import opened
from eventgate.writers.postgres.migrations import migrate
from eventgate.writers.postgres.statements import built_in_files
from tests.services.database import Database
from tests.writers.postgres.lake import LAKE, PACKAGED, SCHEMA, TOPICS, lake_event, samples
from tests.writers.postgres.support import deliver, outcomes, plain, postgres_writer


def test_the_example_has_the_same_statements_as_the_package() -> None:
    """The gate ships them for configurations that cannot name files."""
    packaged = {path.name: path.read_bytes() for path in PACKAGED.glob("*.sql")}
    assert packaged == {path.name: path.read_bytes() for path in (LAKE / "sql").glob("*.sql")}
    assert {f"builtin:data-lake/{name}" for files in TOPICS.values() for name in files} == set(built_in_files())


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_sample_event_fits(postgres: Database, lake: str, topic: str) -> None:
    events = samples(topic)
    async with opened(postgres_writer(postgres.dsn(lake))) as writer:
        assert set(outcomes(await deliver(writer, *events, seconds=30))) == {"delivered"}
        assert set(outcomes(await deliver(writer, *events, seconds=30))) == {"duplicate"}


async def test_a_run_and_its_jobs_arrive_together(postgres: Database, lake: str) -> None:
    events = samples("public.cps.za.runs")
    async with opened(postgres_writer(postgres.dsn(lake))) as writer:
        await deliver(writer, *events, seconds=30)
    runs = {row["event_id"]: row for row in postgres.fetch("SELECT * FROM public_cps_za_runs", database=lake)}
    jobs = postgres.fetch("SELECT * FROM public_cps_za_runs_jobs ORDER BY internal_id", database=lake)
    for event in events:
        run = runs[event.event_id]
        assert run["timestamp_end"] == event.document["timestamp_end"]
        found = [row for row in jobs if row["event_id"] == event.event_id]
        assert [row["catalog_id"] for row in found] == [job["catalog_id"] for job in event.document["jobs"]]
        assert [row["country"] for row in found] == [job.get("country") or "" for job in event.document["jobs"]]
    assert len(runs) == len(events)


@pytest.mark.parametrize(("written", "outcome"), [(b"5.0", "delivered"), (b"5e0", "delivered"), (b"5.5", "refused")])
async def test_times_are_never_rounded(postgres: Database, lake: str, written: bytes, outcome: str) -> None:
    body = b'{"event_id": "e", "tenant_id": "t", "source_app": "a", "environment": "dev", "timestamp": %s}' % written
    async with opened(postgres_writer(postgres.dsn(lake))) as writer:
        event = lake_event("public.cps.za.test", json.loads(body), body)
        assert outcomes(await deliver(writer, event)) == [outcome]


async def test_the_schema_can_be_made_again(postgres: Database, lake: str) -> None:
    """It is harmless to repeat, as are the gate's own tables."""
    postgres.execute(SCHEMA, database=lake)
    connection = await asyncpg.connect(plain(postgres.dsn(lake)))
    assert await migrate(connection) == []
    await connection.close()
