"""The Postgres writer keeps the writer contract: with the gate's own table, and with SQL of the user's."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from eventgate.core.model import Event, Outcome
from eventgate.testing import LedgerWriterContract, make_event
from eventgate.testing.contract import opened, write_one
from eventgate.writers.postgres.writer import PostgresWriter
from tests.services.database import Database
from tests.writers.postgres.support import new_database, options, postgres_writer

KEEP = """
INSERT INTO kept (topic, id, body)
SELECT m ->> 'topic', m ->> 'event_id', e
FROM jsonb_array_elements($1) WITH ORDINALITY AS events (e, n)
JOIN jsonb_array_elements($2) WITH ORDINALITY AS known (m, n) USING (n)
"""


def exactly(text: str) -> Any:
    """A document in which every number is as it was written."""
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


@pytest.mark.every_version
class TestPostgres(LedgerWriterContract):
    """Topics without SQL."""

    select = "SELECT topic, event_id, payload::text FROM eventgate_events"

    @pytest.fixture(autouse=True)
    def _database(self, postgres: Database, tmp_path: Path) -> Iterator[None]:
        self.postgres = postgres
        self.name = new_database(postgres, tables="CREATE TABLE kept (topic text, id text, body jsonb)")
        yield
        postgres.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')

    def rows(self) -> list[tuple[str, str, str]]:
        """Topic, id and text of each event."""
        return [(*row.values(),) for row in self.postgres.fetch(self.select, database=self.name)]

    def through(self, database: str, user: str | None = None, password: str | None = None) -> PostgresWriter:
        """A writer to `database` of the server."""
        return postgres_writer(self.postgres.dsn(database, user, password))

    def writer(self, folder: Path) -> PostgresWriter:
        """All of a test's writers write to its database."""
        return self.through(self.name)

    def renewed(self, folder: Path) -> PostgresWriter:
        """Another role with another password."""
        return self.through(self.name, "other", "secret")

    def elsewhere(self, folder: Path) -> Sequence[tuple[PostgresWriter, Event]]:
        """Another database, and other SQL."""
        other = msgspec.structs.replace(self.event(), options=options("SELECT 2 FROM jsonb_array_elements($1)"))
        return [(self.through("elsewhere"), self.event()), (self.writer(folder), other)]

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """What the table holds, in the compact form of the events that the suite makes."""
        return [(topic, id, msgspec.json.encode(msgspec.json.decode(body))) for topic, id, body in self.rows()]

    async def break_sink(self, folder: Path) -> None:
        """Nobody may connect any more, and whoever is there is thrown out."""
        self.postgres.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false')
        self.postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", self.name)

    async def mend_sink(self, folder: Path) -> None:
        """They may again."""
        self.postgres.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')

    async def test_a_delivered_event_is_there_byte_for_byte(self, tmp_path: Path) -> None:
        """As far as jsonb goes, which keeps values and not their form: every digit of every number is there."""
        body = b'{"big": 123456789012345678901234567890, "price": 1.10, "text": "\\u00e9\xc3\xa9", "small": 1e-400}'
        async with opened(self.writer(tmp_path)) as writer:
            event = msgspec.structs.replace(self.event(), body=body)
            assert (await write_one(writer, event)).outcome is Outcome.DELIVERED
        kept = self.rows()[0][2]
        assert exactly(kept) == exactly(body.decode())
        assert "1.10" in kept


class TestPostgresWithSql(TestPostgres):
    """Topics with a statement, the ledger beside it."""

    select = "SELECT topic, id, body::text FROM kept"

    def event(self, number: int = 0) -> Event:
        """The event with the statement in its options."""
        return make_event({"number": number}, event_id=f"event-{number}", options=options(KEEP))

    async def test_other_bytes_under_the_same_id_are_a_conflict(self, tmp_path: Path) -> None:
        """The first ones stay."""
        first = self.event(1)
        second = msgspec.structs.replace(self.event(2), event_id=first.event_id)
        async with opened(self.writer(tmp_path)) as writer:
            assert (await write_one(writer, first)).outcome is Outcome.DELIVERED
            assert (await write_one(writer, second)).outcome is Outcome.CONFLICT
        assert await self.stored(tmp_path) == [(first.topic, first.event_id, first.body)]


class TestPostgresBehindAPooler(TestPostgresWithSql):
    """Through PgBouncer, without prepared statements that outlive a transaction."""

    @pytest.fixture(autouse=True)
    def _pooler(self, pgbouncer: str) -> None:
        self.address = pgbouncer

    def through(self, database: str, user: str | None = None, password: str | None = None) -> PostgresWriter:
        """Its connections are shared: each transaction may get another one."""
        dsn = self.postgres.dsn(database, user, password, self.address)
        return postgres_writer(dsn, statement_cache=False)

    async def mend_sink(self, folder: Path) -> None:
        """For a moment PgBouncer goes on saying that the database cannot be reached."""
        await super().mend_sink(folder)
        async with asyncio.timeout(60):
            while not await self.is_reached():  # noqa: ASYNC110  nobody tells us
                await asyncio.sleep(0.05)

    async def is_reached(self) -> bool:
        """Whether PgBouncer lets a client through to the database."""
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            connection = await asyncpg.connect(self.postgres.dsn(self.name, address=self.address), ssl=False)
            try:
                await connection.execute("SELECT 1")
            finally:
                await connection.close()
            return True
        return False
