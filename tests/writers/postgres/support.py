"""What the tests of the Postgres writer share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import Writer
from eventgate.testing import make_event
from eventgate.writers.postgres.connect import Connector
from eventgate.writers.postgres.migrations import migrate
from eventgate.writers.postgres.settings import PostgresSettings, TopicStatements
from eventgate.writers.postgres.statements import parse_statement
from eventgate.writers.postgres.writer import PostgresWriter
from tests.services.database import Database

ORDERS = """
INSERT INTO orders (id, amount, name)
SELECT e ->> 'id', (e ->> 'amount')::bigint, e ->> 'name' FROM jsonb_array_elements($1) AS events (e)
"""
ORDERS_TABLE = """
CREATE TABLE orders (
    number bigserial, id text, amount bigint CONSTRAINT positive CHECK (amount > 0), name varchar(5))
"""


def new_database(postgres: Database, *, tables: str = "") -> str:
    """A new database with the gate's tables, and those that `tables` make; its name."""
    name = postgres.create_database()

    async def prepare() -> None:
        connection = await asyncpg.connect(postgres.dsn(name))
        try:
            await migrate(connection)
            if tables:
                await connection.execute(tables)
        finally:
            await connection.close()

    run(prepare())
    return name


def run(work: Any) -> Any:
    """Run a coroutine on a loop of its own, also where one is running."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()


def plain(dsn: str) -> str:
    """`dsn` without TLS, whose good-bye would outlast a test's event loop."""
    return f"{dsn}?sslmode=disable"


def postgres_writer(dsn: str, **settings: Any) -> PostgresWriter:
    """A writer to the database at `dsn`."""
    chosen = PostgresSettings(dsn=dsn if "?" in dsn else plain(dsn), **settings)
    return PostgresWriter("postgres", Connector(chosen), chosen)


def options(*sql: str) -> dict[str, TopicStatements]:
    """A topic's options with these statements."""
    statements = [parse_statement(f"{number}.sql", text.encode()) for number, text in enumerate(sql, 1)]
    return {"postgres": TopicStatements(tuple(statements))}


def order(number: int, sql: dict[str, Any] | None = None, **members: Any) -> Event:
    """An event for `ORDERS`."""
    document = {"id": f"o-{number}", "amount": number + 1, "name": "bolt", **members}
    return make_event(document, event_id=f"o-{number}", topic="orders", options=sql or options(ORDERS))


SLACK_SECONDS = 5.0
"""What a busy machine may add to a deadline; what does not keep it at all waits for longer."""


async def deliver(writer: Writer, *events: Event, seconds: float = 10.0) -> Sequence[WriteResult]:
    """Write one group, and see that the answer comes in time: a busy machine may be late, but not much."""
    async with asyncio.timeout(seconds + SLACK_SECONDS):
        return await writer.write(events, asyncio.get_running_loop().time() + seconds)


def outcomes(results: Sequence[WriteResult]) -> list[str]:
    """The outcomes as text."""
    return [result.outcome.value for result in results]


async def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what it looks at is in another process
            await asyncio.sleep(0.01)
