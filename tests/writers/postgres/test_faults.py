"""The database is away, slow, locked or full: what is said is true, comes in time, and passes with its cause."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from eventgate.core.lanes import lane_to
from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from tests.services.database import Database
from tests.writers.postgres.support import (
    ORDERS,
    SLACK_SECONDS,
    deliver,
    eventually,
    options,
    order,
    outcomes,
    plain,
    postgres_writer,
)

NO_ANSWER = "the database did not answer before the deadline"
"""What is said on a busy machine, where the database's own reason may come too late."""
RAISING = """
CREATE SEQUENCE tries;
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'values of the event' USING ERRCODE = '{code}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trouble BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION trouble();
"""


@pytest.fixture
def disturbed(postgres: Database) -> Iterator[Database]:
    """A server that runs again afterwards."""
    yield postgres
    postgres.resume()
    postgres.start()


def ids(postgres: Database, database: str) -> list[str]:
    return sorted(row["id"] for row in postgres.fetch("SELECT id FROM orders", database=database))


async def test_the_first_event_after_a_restart_is_delivered(disturbed: Database, dsn: str) -> None:
    """Every connection that lay idle is dead by then."""
    async with opened(postgres_writer(dsn)) as writer:
        await asyncio.gather(*(deliver(writer, order(number)) for number in range(5)))
        await asyncio.to_thread(disturbed.restart)
        assert outcomes(await deliver(writer, order(9))) == ["delivered"]


async def test_a_probe_after_a_restart_is_fine(disturbed: Database, dsn: str) -> None:
    """A connection that died while it lay idle says nothing of the database."""
    async with opened(postgres_writer(dsn)) as writer:
        disturbed.restart()
        await writer.probe()


async def test_a_database_that_is_down_fails_events_at_once(disturbed: Database, database: str, dsn: str) -> None:
    """And takes them as soon as it is back, whoever was there first."""
    disturbed.stop()
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, order(1), seconds=5)
        assert [(result.outcome.value, result.reason) for result in results] == [
            ("failed", "the database cannot be reached")
        ]
        with pytest.raises(SinkUnavailable, match="cannot be reached"):
            await writer.probe()
        disturbed.start()
        await writer.probe()
        assert outcomes(await deliver(writer, order(2))) == ["delivered"]
    assert ids(disturbed, database) == ["o-2"]


async def test_a_database_that_stands_still_fails_events_by_their_deadline(
    disturbed: Database, database: str, dsn: str
) -> None:
    """Nothing of them lands when it goes on."""
    async with opened(postgres_writer(dsn)) as writer:
        await deliver(writer, order(1))
        disturbed.pause()
        results = await asyncio.gather(*(deliver(writer, order(number), seconds=1.5) for number in (2, 3)))
        assert [outcomes(each) for each in results] == [["failed"], ["failed"]]
        with pytest.raises(SinkUnavailable, match=r"no answer|cannot be reached"):
            await writer.probe()
        disturbed.resume()
        assert outcomes(await deliver(writer, order(4))) == ["delivered"]
    assert ids(disturbed, database) == ["o-1", "o-4"]


async def test_a_crash_under_way_is_survived_within_the_deadline(disturbed: Database, database: str, dsn: str) -> None:
    """The transaction had not been committed, so it is tried again."""
    slow = "INSERT INTO orders (id) SELECT e ->> 'id' FROM jsonb_array_elements($1) AS e, pg_sleep(2)"
    async with opened(postgres_writer(dsn)) as writer:
        task = asyncio.ensure_future(deliver(writer, order(1, options(slow)), seconds=20))
        await eventually(lambda: bool(sleepers(disturbed)))
        disturbed.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        assert outcomes(await task) == ["delivered"]
    assert ids(disturbed, database) == ["o-1"]


def sleepers(postgres: Database) -> list[object]:
    return list(postgres.fetch("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))


async def test_a_locked_table_fails_its_own_topic_only(postgres: Database, database: str, dsn: str) -> None:
    """With a reason, by the deadline; events of another topic do not wait."""
    other = await asyncpg.connect(plain(dsn))
    transaction = other.transaction()
    await transaction.start()
    await other.execute("LOCK TABLE orders")
    async with opened(postgres_writer(dsn)) as writer:
        lane = lane_to(writer)
        loop = asyncio.get_running_loop()
        start = loop.time()
        held = [asyncio.ensure_future(lane.write(order(number), start + 4)) for number in range(20)]
        await eventually(lambda: bool(waiting(postgres, database)))
        free = await asyncio.gather(*(lane.write(make_event(topic="free"), loop.time() + 10) for _ in range(20)))
        assert set(outcomes(free)) == {"delivered"}
        assert not any(task.done() for task in held)
        results = await asyncio.gather(*held)
        assert loop.time() < start + 4 + SLACK_SECONDS
        assert set(outcomes(results)) == {"failed"}
        reasons = {result.reason for result in results}
        assert reasons & {"1.sql: a table or row stayed locked (55P03)", NO_ANSWER}
        await transaction.rollback()
        await other.close()
        assert outcomes(await deliver(writer, order(99))) == ["delivered"]
    assert ids(postgres, database) == ["o-99"]


def waiting(postgres: Database, database: str) -> list[object]:
    return list(
        postgres.fetch(
            "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = $1",
            database,
        )
    )


async def test_a_slow_statement_fails_by_the_deadline(postgres: Database, database: str, dsn: str) -> None:
    """It is the database that ends it."""
    slow = "INSERT INTO orders (id) SELECT e ->> 'id' FROM jsonb_array_elements($1) AS e, pg_sleep(30)"
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, order(1, options(slow)), seconds=1)
        assert (results[0].outcome.value, results[0].reason) in (
            ("failed", "1.sql: the database took longer than the deadline allows (57014)"),
            ("failed", NO_ANSWER),
        )
        await eventually(lambda: not sleepers(postgres))
        assert outcomes(await deliver(writer, order(2))) == ["delivered"]


@pytest.mark.parametrize("code", ["40P01", "40001"])
async def test_what_gave_way_to_another_is_tried_again(postgres: Database, database: str, dsn: str, code: str) -> None:
    """Deadlocks and serialization failures."""
    postgres.execute(RAISING.format(times=3, code=code), database=database)
    async with opened(postgres_writer(dsn)) as writer:
        assert outcomes(await deliver(writer, order(1), order(2))) == ["delivered", "delivered"]
    assert ids(postgres, database) == ["o-1", "o-2"]


@pytest.mark.parametrize(
    ("code", "outcome", "reason"),
    [
        ("53100", "failed", "the database's disk is full"),
        ("53200", "failed", "the database has no room or memory left"),
        ("42501", "failed", "the gate's database user may not do that"),
        ("XX000", "failed", "the database has an internal error"),
        ("P0001", "refused", "a rule of the database does not allow it"),
    ],
)
async def test_errors_of_the_database_are_told_without_values(
    postgres: Database, database: str, dsn: str, code: str, outcome: str, reason: str
) -> None:
    """And nothing of the event is there."""
    postgres.execute(RAISING.format(times=1000, code=code), database=database)
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, order(1))
        assert (results[0].outcome.value, results[0].reason) == (outcome, f"1.sql: {reason} ({code})")
        postgres.execute("DROP TRIGGER trouble ON orders", database=database)
        assert outcomes(await deliver(writer, order(1))) == ["delivered"]


async def test_missing_tables_are_told_with_their_remedy(postgres: Database) -> None:
    """By writes and by the probe; a table of the user's is another matter."""
    dsn = postgres.dsn(postgres.create_database())
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, make_event(), order(1))
        for result in results:
            assert result.outcome.value == "failed"
            assert result.reason == "the gate's tables are missing; run `eventgate db migrate` (42P01)"
        with pytest.raises(SinkUnavailable, match="run `eventgate db migrate`"):
            await writer.probe()
    async with opened(postgres_writer(dsn, create_tables=True)) as writer:
        await writer.probe()
        assert outcomes(await deliver(writer, make_event())) == ["delivered"]
        results = await deliver(writer, order(1, options(ORDERS)))
        assert results[0].reason == "1.sql: a table that a statement names does not exist (42P01)"


async def test_a_pool_of_one_serves_all(dsn: str) -> None:
    """One after the other, the probe as well."""
    async with opened(postgres_writer(dsn, pool_size=1)) as writer:
        results, _ = await asyncio.gather(
            asyncio.gather(*(deliver(writer, order(number)) for number in range(10))), writer.probe()
        )
    assert [outcomes(each) for each in results] == [["delivered"]] * 10


async def test_a_table_that_changes_under_the_gate_is_no_failure(postgres: Database, database: str, dsn: str) -> None:
    """A prepared statement that fits no longer is prepared again."""
    returning = f"{ORDERS} RETURNING *"
    async with opened(postgres_writer(dsn, pool_size=1)) as writer:
        assert outcomes(await deliver(writer, order(1, options(returning)))) == ["delivered"]
        postgres.execute("ALTER TABLE orders ADD COLUMN more text", database=database)
        assert outcomes(await deliver(writer, order(2, options(returning)))) == ["delivered"]
