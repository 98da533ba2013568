"""PostgreSQL fails; Kafka, EventBridge and the truth do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from tests.faults.rig import SLACK_SECONDS, TIMEOUT_SECONDS, during, opened
from tests.faults.sinks import Sinks

DISK_FULL = """
create function full_disk() returns trigger language plpgsql as $$
begin raise exception 'no space left' using errcode = 'disk_full'; end $$;
create trigger full_disk before insert on eventgate_events for each row execute function full_disk()
"""
ROWS = "create table rows (id text primary key, name varchar(5))"
ROWS_SQL = "insert into rows select e ->> 'event_id', e ->> 'name' from jsonb_array_elements($1) as e"


async def test_a_database_that_is_down_at_the_start(tmp_path: Path, sinks: Sinks) -> None:
    """The gate opens all the same; nothing is there of what failed meanwhile."""
    await asyncio.to_thread(sinks.postgres.stop)
    async with opened(tmp_path, sinks) as rig:
        answers = [await rig.post() for _ in range(2)]
        await asyncio.to_thread(sinks.postgres.start)
        await rig.delivers()
        await rig.is_true()
    for answer in answers:
        assert (answer.status, answer.blamed) == (500, ["postgres"])
        assert answer.outcomes == {"kafka": "delivered", "postgres": "failed", "eventbridge": "delivered"}
        assert answer.seconds < TIMEOUT_SECONDS + SLACK_SECONDS


async def test_the_first_event_after_a_restart_is_accepted(tmp_path: Path, sinks: Sinks) -> None:
    async with opened(tmp_path, sinks) as rig:
        await rig.delivers()
        await asyncio.to_thread(sinks.postgres.restart)
        assert (await rig.post()).status == 202
        await rig.is_true()


async def test_a_database_that_is_killed(tmp_path: Path, sinks: Sinks) -> None:
    async with opened(tmp_path, sinks) as rig:
        await rig.suffers(during(sinks.postgres.kill, sinks.postgres.start), "postgres", ["failed", "unknown"])


async def test_a_database_that_is_paused(tmp_path: Path, sinks: Sinks) -> None:
    async with opened(tmp_path, sinks) as rig:
        await rig.suffers(during(sinks.postgres.pause, sinks.postgres.resume), "postgres", ["failed", "unknown"])


async def test_a_table_that_is_locked(tmp_path: Path, sinks: Sinks) -> None:
    """Only the answers tell: the database itself is well."""
    async with opened(tmp_path, sinks) as rig:
        await rig.delivers()
        async with locked(sinks):
            answers = await asyncio.gather(*(rig.post() for _ in range(5)))
        await rig.delivers()
        await rig.is_true()
    for answer in answers:
        assert (answer.status, answer.blamed, answer.outcomes["postgres"]) == (500, ["postgres"], "failed")
        assert (answer.outcomes["kafka"], answer.outcomes["eventbridge"]) == ("delivered", "delivered")
        assert answer.seconds < TIMEOUT_SECONDS + SLACK_SECONDS


async def test_a_disk_that_is_full(tmp_path: Path, sinks: Sinks) -> None:
    """As the database says it (SQLSTATE 53100)."""
    async with opened(tmp_path, sinks) as rig:
        await rig.delivers()
        sinks.postgres.execute(DISK_FULL, database=sinks.database)
        answer = await rig.post()
        sinks.postgres.execute("drop trigger full_disk on eventgate_events", database=sinks.database)
        await rig.delivers()
        await rig.is_true()
    assert (answer.status, answer.outcomes["postgres"]) == (500, "failed")
    assert "disk is full" in answer.reasons["postgres"]


async def test_a_password_that_is_changed(tmp_path: Path, sinks: Sinks) -> None:
    """Where the reference leads to the new one, the gate finds it by itself."""
    postgres, file = sinks.postgres, tmp_path / "dsn"
    user = postgres.create_user("before")
    postgres.execute(f'grant select, insert on eventgate_events to "{user}"', database=sinks.database)
    file.write_text(f"{postgres.dsn(sinks.database, user, 'before')}?sslmode=disable")
    sinks.writers["postgres"]["dsn"] = "file:dsn"

    def change() -> None:
        postgres.execute(f"alter role \"{user}\" password 'after'")
        postgres.fetch("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", user)

    def tell() -> None:
        file.write_text(f"{postgres.dsn(sinks.database, user, 'after')}?sslmode=disable")

    async with opened(tmp_path, sinks) as rig:
        answers = await rig.suffers(during(change, tell), "postgres", ["failed"])
    for answer in answers:
        assert not any(told in str(answer.document) for told in (user, "before", "after"))


async def test_one_poison_row_among_good_neighbours(tmp_path: Path, sinks: Sinks) -> None:
    """Only the database knows that it cannot hold it. As a guard it says so before Kafka has it."""
    sinks.postgres.execute(ROWS, database=sinks.database)
    (tmp_path / "rows.sql").write_text(ROWS_SQL)
    uses = {"postgres": {"sql": ["rows.sql"]}, "kafka": {"topic": sinks.topic}}
    async with opened(tmp_path, sinks, rows={"guard": "postgres", "writers": uses}) as rig:
        good = [rig.post(f"g-{number}", "rows", name="bolt") for number in range(20)]
        poison, *others = await asyncio.gather(rig.post("poison", "rows", name="far too long"), *good)
    assert (poison.status, poison.blamed) == (400, ["postgres"])
    assert poison.outcomes == {"postgres": "refused", "kafka": "skipped"}
    assert "far too long" not in str(poison.document)
    assert [answer.status for answer in others] == [202] * 20
    held = sinks.held()["kafka"]
    assert (held["poison"], len(held)) == (0, 20)
    rows = sinks.postgres.fetch("select id from rows", database=sinks.database)
    assert {row["id"] for row in rows} == set(held)


@asynccontextmanager
async def locked(sinks: Sinks) -> AsyncIterator[None]:
    """Somebody holds the table in a transaction of their own."""
    connection = await asyncpg.connect(sinks.postgres.dsn(sinks.database), ssl=False)
    try:
        async with connection.transaction():
            await connection.execute("lock table eventgate_events")
            yield
    finally:
        await connection.close()
