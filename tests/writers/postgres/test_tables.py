"""The gate's own tables: made once, by whoever comes first; and what `check --connect` finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.postgres.migrations import MIGRATIONS, NewerTables, migrate, script
from eventgate.writers.postgres.settings import TopicStatements
from tests.cli.commands import eventgate
from tests.services.database import Database
from tests.services.proxy import TcpProxy
from tests.writers.postgres.support import ORDERS, deliver, options, order, outcomes, plain, postgres_writer

ROLES = """
CREATE ROLE "{name}" LOGIN;
GRANT USAGE ON SCHEMA public TO "{name}";
GRANT SELECT, INSERT ON eventgate_events TO "{name}";
GRANT SELECT, INSERT, DELETE ON eventgate_ledger TO "{name}";
GRANT SELECT, INSERT, UPDATE ON eventgate_merge TO "{name}";
"""


async def test_migrating_at_once_makes_the_tables_once(postgres: Database) -> None:
    """Each waits for the one before; one of them does the work."""
    dsn = plain(postgres.dsn(postgres.create_database()))
    connections = [await asyncpg.connect(dsn) for _ in range(5)]
    done = await asyncio.gather(*(migrate(connection) for connection in connections))
    assert sorted(map(len, done)) == [0, 0, 0, 0, len(MIGRATIONS)]
    await connections[0].execute("INSERT INTO eventgate_schema (version, summary) VALUES (99, 'later')")
    with pytest.raises(NewerTables):
        await migrate(connections[0])
    for connection in connections:
        await connection.close()


def test_the_command_makes_the_tables_and_says_so(postgres: Database, tmp_path: Path) -> None:
    """By DSN or by configuration, as often as one likes."""
    dsn = postgres.dsn(postgres.create_database())
    first = eventgate("db", "migrate", "--dsn", dsn)
    assert (first.code, first.out) == (0, "the database: applied 1 (events, their ledger, and what merges keep)\n")
    config = {"token_public_keys_url": "keys.pem", "writers": {"main": {"type": "postgres", "dsn": "env:DATABASE"}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    second = eventgate("db", "migrate", "--conf", tmp_path, env={"DATABASE": dsn})
    assert (second.code, second.out) == (0, "main: up to date (version 1)\n")


def test_what_the_command_prints_makes_the_same_tables(postgres: Database) -> None:
    """For those whose tables are made by somebody else."""
    printed = eventgate("db", "migrate", "--print")
    assert printed.code == 0
    assert printed.out == script()
    name = postgres.create_database()
    postgres.execute(printed.out, database=name)
    again = eventgate("db", "migrate", "--dsn", postgres.dsn(name))
    assert again.out == "the database: up to date (version 1)\n"


def test_the_command_ends_with_one_line_where_it_cannot(postgres: Database, tmp_path: Path) -> None:
    """And never shows where the database is."""
    unreachable = eventgate("db", "migrate", "--dsn", "postgresql://secret@127.0.0.1:1/secret")
    assert (unreachable.code, unreachable.error()) == (3, "the database: the database cannot be reached")
    assert eventgate("db", "migrate", "--dsn", "secret").code == 2
    assert eventgate("db").code == 2
    (tmp_path / "config.json").write_text('{"token_public_keys_url": "keys.pem", "writers": {"discard": {}}}')
    none = eventgate("db", "migrate", "--conf", tmp_path)
    assert none.code == 1
    assert "configures no Postgres writer" in none.error()
    database = postgres.create_database()
    postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=database)
    user = f"u_{database}"
    postgres.execute(f'CREATE ROLE "{user}" LOGIN')
    denied = eventgate("db", "migrate", "--dsn", postgres.dsn(database, user=user))
    assert (denied.code, denied.error()) == (1, "the database: the gate's database user may not do that (42501)")


async def test_the_writers_role_needs_no_more_than_documented(postgres: Database, database: str) -> None:
    """Insert, read, and delete from the ledger; the reader's and owner's rights are not needed."""
    user = f"writer_{database}"
    postgres.execute(ROLES.format(name=user), database=database)
    postgres.execute(f'GRANT INSERT ON orders TO "{user}"', database=database)
    postgres.execute(f'GRANT USAGE ON SEQUENCE orders_number_seq TO "{user}"', database=database)
    writer = postgres_writer(postgres.dsn(database, user=user))
    async with opened(writer):
        await writer.probe()
        assert outcomes(await deliver(writer, make_event(), order(1))) == ["delivered", "delivered"]
        assert await writer.inspect({"orders": options(ORDERS)["postgres"], "plain": TopicStatements()}) == ()


async def test_a_role_that_may_not_write_is_found_out(postgres: Database, database: str) -> None:
    """By the probe, and by every event."""
    user = f"nobody_{database}"
    postgres.execute(f'CREATE ROLE "{user}" LOGIN', database=database)
    writer = postgres_writer(postgres.dsn(database, user=user))
    async with opened(writer):
        with pytest.raises(SinkUnavailable, match="may not write to the gate's tables"):
            await writer.probe()
        findings = await writer.inspect({"plain": TopicStatements()})
        assert [finding.message for finding in findings] == [
            "the gate's database user may not write to eventgate_events"
        ]
        assert outcomes(await deliver(writer, make_event())) == ["failed"]


async def test_statements_that_do_not_fit_the_tables_are_found_before_any_event(postgres: Database, dsn: str) -> None:
    """Each with its line; nothing is run."""
    wrong = ORDERS.replace("amount, name", "amount, label")
    topics = {
        "a": options(ORDERS)["postgres"],
        "b": options(wrong)["postgres"],
        "c": options("INSERT INTO nowhere SELECT $1", "SELEC $1")["postgres"],
    }
    writer = postgres_writer(dsn)
    async with opened(writer):
        found = [(finding.severity, finding.file, finding.message) for finding in await writer.inspect(topics)]
    assert found == [
        ("error", "1.sql", 'line 2: column "label" of relation "orders" does not exist (42703)'),
        ("error", "1.sql", 'line 1: relation "nowhere" does not exist (42P01)'),
        ("error", "2.sql", 'line 1: syntax error at or near "SELEC" (42601)'),
    ]


async def test_tables_are_made_with_the_first_event_where_the_database_was_down_at_the_start(
    postgres: Database, proxy_to: Callable[[str, int], TcpProxy]
) -> None:
    """Nobody has to ask for its health first; many events at once make them once."""
    proxy = proxy_to(*postgres.address)
    proxy.cut()
    database = postgres.create_database()
    dsn = postgres.dsn(database, address=proxy.address)
    async with opened(postgres_writer(dsn, create_tables=True)) as writer:
        assert outcomes(await deliver(writer, make_event())) == ["failed"]
        proxy.restore()
        results = await asyncio.gather(*(deliver(writer, make_event(event_id=str(n))) for n in range(10)))
    assert {outcome for each in results for outcome in outcomes(each)} == {"delivered"}
    assert postgres.fetch("SELECT version FROM eventgate_schema", database=database) == [{"version": 1}]


async def test_tables_that_the_gate_may_not_make_fail_with_their_remedy(postgres: Database) -> None:
    database = postgres.create_database()
    user = postgres.create_user("secret")
    dsn = postgres.dsn(database, user, "secret")
    async with opened(postgres_writer(dsn, create_tables=True)) as writer:
        for _ in range(2):
            (result,) = await deliver(writer, make_event())
            assert result.outcome.value == "failed"
            assert result.reason == "the gate's tables are missing; run `eventgate db migrate` (42P01)"
