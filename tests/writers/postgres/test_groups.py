"""Groups: what is new, what is there, what is to blame."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from eventgate.core.lanes import lane_to
from eventgate.core.model import Outcome
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from tests.services.database import Database
from tests.writers.postgres.support import ORDERS, deliver, new_database, options, order, outcomes, postgres_writer

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"amount": -5}, "a check of the database does not allow it (23514, table orders, constraint positive)"),
    ({"amount": 2**70}, "a number of the event is out of its column's range (22003)"),
    ({"amount": "secret"}, "a text of the event is not what its column takes (22P02)"),
    ({"name": "secret secret"}, "a text of the event is longer than its column (22001)"),
]


async def test_the_same_event_at_once_is_delivered_once(postgres: Database, database: str, dsn: str) -> None:
    """Fifty callers, one delivery, and the statement has run once."""
    event = order(1)
    async with opened(postgres_writer(dsn)) as writer:
        lane = lane_to(writer)
        deadline = asyncio.get_running_loop().time() + 10
        results = await asyncio.gather(*(lane.write(event, deadline) for _ in range(50)))
    assert sorted(outcomes(results)) == ["delivered"] + ["duplicate"] * 49
    assert len(postgres.fetch("SELECT * FROM orders", database=database)) == 1


SEPARATOR = "\x1e"


@pytest.mark.parametrize(
    "subjects", [[""], ["", ""], [SEPARATOR], ["", f"a{SEPARATOR}", SEPARATOR * 3, f"{SEPARATOR}b"]]
)
async def test_values_are_kept_whatever_they_hold(postgres: Database, subjects: list[str]) -> None:
    """Also where they are empty, or hold what stands between the values of a column; times to the microsecond."""
    database = new_database(postgres)
    body = b'\t{ "name" : "\\u001e\xf0\x9f\x90\x98" }\n'
    events = [
        make_event(
            body=body, event_id=f"{number}{SEPARATOR}", subject=subject, received_at=1_700_000_000.123457 + number
        )
        for number, subject in enumerate(subjects)
    ]
    async with opened(postgres_writer(postgres.dsn(database))) as writer:
        results = await deliver(writer, *events)
        again = await deliver(writer, *events)
    assert outcomes(results) == ["delivered"] * len(events)
    assert outcomes(again) == ["duplicate"] * len(events)
    rows = postgres.fetch("SELECT * FROM eventgate_events ORDER BY event_id", database=database)
    assert [(row["event_id"], row["subject"], row["body_sha256"]) for row in rows] == [
        (event.event_id, event.subject, event.sha256) for event in events
    ]
    assert [row["received_at"] for row in rows] == [datetime.fromtimestamp(event.received_at, UTC) for event in events]
    assert {json.loads(row["payload"])["name"] for row in rows} == {f"{SEPARATOR}\U0001f418"}


@pytest.mark.parametrize("members", [members for members, _ in BROKEN])
async def test_a_poisoned_event_does_not_harm_its_neighbours(
    postgres: Database, database: str, dsn: str, members: dict[str, Any]
) -> None:
    """Of a group of 32 two are bad: they are refused, all others are there, each once."""
    events = [order(number, **(members if number in (3, 20) else {})) for number in range(32)]
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, *events)
        again = await deliver(writer, *events)
    expected = ["refused" if number in (3, 20) else "delivered" for number in range(32)]
    assert outcomes(results) == expected
    assert outcomes(again) == [outcome.replace("delivered", "duplicate") for outcome in expected]
    rows = postgres.fetch("SELECT id FROM orders", database=database)
    assert {row["id"] for row in rows} == {event.event_id for event in events} - {"o-3", "o-20"}
    assert len(rows) == 30


@pytest.mark.parametrize(("members", "reason"), BROKEN)
async def test_the_reason_names_the_constraint_and_no_value(dsn: str, members: dict[str, Any], reason: str) -> None:
    """The file, what is wrong and the code; never what the event says."""
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, order(1, **members))
    assert results[0].reason == f"1.sql: {reason}"


async def test_an_error_at_commit_is_the_events_too(postgres: Database, database: str, dsn: str) -> None:
    """A deferred constraint speaks up when the transaction is committed."""
    postgres.execute("ALTER TABLE orders ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED", database=database)
    postgres.execute("INSERT INTO orders (id, amount) VALUES ('o-2', 1)", database=database)
    async with opened(postgres_writer(dsn)) as writer:
        assert outcomes(await deliver(writer, *(order(n) for n in range(4)))) == [
            "delivered",
            "delivered",
            "refused",
            "delivered",
        ]


async def test_a_statement_that_takes_events_one_by_one_gets_them_so(dsn: str) -> None:
    """A statement that cannot take two rows for one key in one go is run for halves, down to single events."""
    upsert = """
        INSERT INTO eventgate_merge (topic, key, state)
        SELECT 'sum', 'all', e -> 'amount' FROM jsonb_array_elements($1) AS events (e)
        ON CONFLICT (topic, key) DO UPDATE SET state = EXCLUDED.state
    """
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, *(order(number, options(upsert)) for number in range(5)))
    assert outcomes(results) == ["delivered"] * 5


async def test_statements_run_in_order_and_together(postgres: Database, database: str, dsn: str) -> None:
    """What the second refuses, the first has not done either."""
    second = "UPDATE orders SET name = 'longer' FROM jsonb_array_elements($1) AS e WHERE id = e ->> 'id'"
    async with opened(postgres_writer(dsn)) as writer:
        assert outcomes(await deliver(writer, order(1, options(ORDERS, second)))) == ["refused"]
    assert postgres.fetch("SELECT * FROM orders", database=database) == []
    assert postgres.fetch("SELECT * FROM eventgate_ledger", database=database) == []


async def test_a_statement_is_told_what_the_gate_knows(postgres: Database, database: str, dsn: str) -> None:
    """`$2` has the events' metadata in the same order."""
    postgres.execute("CREATE TABLE told (n bigint, e jsonb, m jsonb)", database=database)
    sql = """
        INSERT INTO told SELECT n, e, $2 -> (n - 1)::int
        FROM jsonb_array_elements($1) WITH ORDINALITY AS events (e, n)
    """
    events = [order(number, options(sql)) for number in (2, 1)]
    async with opened(postgres_writer(dsn)) as writer:
        assert outcomes(await deliver(writer, *events)) == ["delivered", "delivered"]
    rows = postgres.fetch(
        "SELECT e ->> 'id' AS id, m ->> 'event_id' AS event_id, m ->> 'body_sha256' AS sha256,"
        " m ->> 'subject' AS subject, (m ->> 'received_at')::timestamptz AS at FROM told",
        database=database,
    )
    by_id = {event.event_id: event for event in events}
    assert {row["id"] for row in rows} == set(by_id)
    for row in rows:
        event = by_id[row["id"]]
        assert (row["event_id"], row["sha256"], row["subject"]) == (event.event_id, event.sha256, "tester")
        assert row["at"].timestamp() == pytest.approx(event.received_at, abs=1e-3)


async def test_statements_see_every_digit(postgres: Database, database: str, dsn: str) -> None:
    """The bytes are handed on as they are, not as a parser read them."""
    postgres.execute("CREATE TABLE exact (number numeric)", database=database)
    sql = "INSERT INTO exact SELECT (e ->> 'number')::numeric FROM jsonb_array_elements($1) AS events (e)"
    event = make_event(body=b'{"number": 123456789012345678901234567890.10}', options=options(sql))
    async with opened(postgres_writer(dsn)) as writer:
        assert outcomes(await deliver(writer, event)) == ["delivered"]
    rows = postgres.fetch("SELECT number::text FROM exact", database=database)
    assert rows[0]["number"] == "123456789012345678901234567890.10"


async def test_without_a_ledger_statements_run_each_time(postgres: Database, database: str, dsn: str) -> None:
    """Whoever wants that asks for it."""
    async with opened(postgres_writer(dsn, ledger=False)) as writer:
        assert outcomes(await deliver(writer, order(1))) == ["delivered"]
        assert outcomes(await deliver(writer, order(1))) == ["delivered"]
    assert len(postgres.fetch("SELECT * FROM orders", database=database)) == 2


async def test_what_a_trigger_drops_is_not_delivered(postgres: Database, database: str, dsn: str) -> None:
    """Nor is it there already."""
    function = "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    trigger = "CREATE TRIGGER t BEFORE INSERT ON eventgate_events FOR EACH ROW EXECUTE FUNCTION drop_it()"
    postgres.execute(f"{function}; {trigger}", database=database)
    async with opened(postgres_writer(dsn)) as writer:
        results = await deliver(writer, make_event())
    assert (results[0].outcome, results[0].reason) == (
        Outcome.FAILED,
        "a trigger or a concurrent deletion in the database dropped it",
    )


async def test_the_position_says_table_and_key(dsn: str) -> None:
    async with opened(postgres_writer(dsn)) as writer:
        plain, mapped = make_event(event_id="a"), order(1)
        results = await deliver(writer, plain, mapped)
    assert [dict(result.position) for result in results] == [
        {"table": "eventgate_events", "key": "a"},
        {"table": "eventgate_ledger", "key": "o-1"},
    ]


async def test_the_ledger_forgets_what_is_old(postgres: Database, database: str, dsn: str) -> None:
    """In small steps, beside the writes."""
    old = (
        "INSERT INTO eventgate_ledger SELECT 'orders', 'old-' || n, 'x', now() - n * interval '1 day' "
        "FROM generate_series(1, 2500) AS n"
    )
    postgres.execute(old, database=database)
    async with opened(postgres_writer(dsn)) as writer:
        for number in range(4):
            await deliver(writer, order(number))
    left = postgres.fetch("SELECT count(*) AS n FROM eventgate_ledger WHERE body_sha256 = 'x'", database=database)
    assert left[0]["n"] == 29
