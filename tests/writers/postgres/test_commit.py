"""The connection is lost while a transaction is committed: the ledger is asked, and what it cannot tell is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from eventgate.testing.contract import opened
from tests.services.database import Database
from tests.services.proxy import TcpProxy
from tests.writers.postgres.support import deliver, eventually, order, outcomes, plain, postgres_writer

SLOW_COMMIT = """
CREATE SEQUENCE commits;
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('commits') = 1 THEN PERFORM pg_sleep({seconds}); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
"""
ProxyTo = Callable[[str, int], TcpProxy]


def through(postgres: Database, database: str, proxy: TcpProxy) -> str:
    host, port = postgres.address
    return plain(postgres.dsn(database)).replace(f"{host}:{port}", proxy.address)


def committing(postgres: Database, database: str) -> list[int]:
    rows = postgres.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event = 'PgSleep' AND query LIKE '%COMMIT%'",
        database,
    )
    return [row["pid"] for row in rows]


def count(postgres: Database, database: str) -> int:
    return len(postgres.fetch("SELECT 1 FROM orders", database=database))


@pytest.mark.parametrize("how", ["reset", "cut"])
async def test_a_commit_whose_answer_is_lost_is_found_in_the_ledger(
    postgres: Database, database: str, proxy_to: ProxyTo, how: str
) -> None:
    """The server goes on and commits; the second try waits for the first, and finds its events."""
    postgres.execute(SLOW_COMMIT.format(seconds=0.5), database=database)
    proxy = proxy_to(*postgres.address)
    async with opened(postgres_writer(through(postgres, database, proxy))) as writer:
        task = asyncio.ensure_future(deliver(writer, order(1), order(2)))
        await eventually(lambda: bool(committing(postgres, database)))
        getattr(proxy, how)()
        proxy.restore()
        assert outcomes(await task) == ["delivered", "delivered"]
        assert outcomes(await deliver(writer, order(1))) == ["duplicate"]
    assert count(postgres, database) == 2


async def test_a_commit_that_the_server_gave_up_is_done_again(postgres: Database, database: str, dsn: str) -> None:
    """The connection ended in COMMIT, and nothing was committed."""
    postgres.execute(SLOW_COMMIT.format(seconds=5), database=database)
    async with opened(postgres_writer(dsn)) as writer:
        task = asyncio.ensure_future(deliver(writer, order(1)))
        await eventually(lambda: bool(committing(postgres, database)))
        for pid in committing(postgres, database):
            postgres.execute("SELECT pg_terminate_backend($1)", pid)
        assert outcomes(await task) == ["delivered"]
    assert count(postgres, database) == 1


@pytest.mark.parametrize("ledger", [True, False])
async def test_a_commit_that_nobody_answers_is_unknown(
    postgres: Database, database: str, proxy_to: ProxyTo, ledger: bool
) -> None:
    """It may land, and here it does; a retry then finds it."""
    postgres.execute(SLOW_COMMIT.format(seconds=2), database=database)
    proxy = proxy_to(*postgres.address)
    async with opened(postgres_writer(through(postgres, database, proxy), ledger=ledger)) as writer:
        results = await deliver(writer, order(1), seconds=1)
        assert outcomes(results) == ["unknown"]
        await eventually(lambda: count(postgres, database) == 1)
        assert outcomes(await deliver(writer, order(1))) == ["duplicate" if ledger else "delivered"]


async def test_without_a_ledger_a_lost_answer_is_unknown(postgres: Database, database: str, proxy_to: ProxyTo) -> None:
    """There is nothing to ask."""
    postgres.execute(SLOW_COMMIT.format(seconds=0.5), database=database)
    proxy = proxy_to(*postgres.address)
    async with opened(postgres_writer(through(postgres, database, proxy), ledger=False)) as writer:
        task = asyncio.ensure_future(deliver(writer, order(1)))
        await eventually(lambda: bool(committing(postgres, database)))
        proxy.reset()
        assert outcomes(await task) == ["unknown"]


async def test_the_ledger_is_asked_until_the_deadline(postgres: Database, database: str, proxy_to: ProxyTo) -> None:
    """While nobody can connect, what was being committed stays unknown, and is never called failed."""
    postgres.execute(SLOW_COMMIT.format(seconds=0.5), database=database)
    proxy = proxy_to(*postgres.address)
    async with opened(postgres_writer(through(postgres, database, proxy))) as writer:
        task = asyncio.ensure_future(deliver(writer, order(1), seconds=3))
        await eventually(lambda: bool(committing(postgres, database)))
        proxy.cut()
        assert outcomes(await task) == ["unknown"]
        proxy.restore()
        await eventually(lambda: count(postgres, database) == 1)
        assert outcomes(await deliver(writer, order(1))) == ["duplicate"]


async def test_a_connection_that_says_nothing_any_more_is_replaced(
    postgres: Database, database: str, proxy_to: ProxyTo
) -> None:
    """A firewall forgot it: the next event goes over another one, in good time."""
    proxy = proxy_to(*postgres.address)
    async with opened(postgres_writer(through(postgres, database, proxy))) as writer:
        await deliver(writer, order(1))
        await asyncio.sleep(1.1)  # the writer trusts a connection that it has just used
        proxy.drop("up")
        task = asyncio.ensure_future(deliver(writer, order(2), seconds=6))
        await eventually(lambda: proxy.connections >= 2)
        proxy.drop(None)
        assert outcomes(await task) == ["delivered"]
