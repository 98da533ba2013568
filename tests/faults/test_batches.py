"""Batches into a real database and a real file: a bad event harms no other, and sending again changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eventgate.app import open_gate
from eventgate.core.model import Request
from eventgate.testing import TokenMaker
from eventgate.writers.sqlite.reader import read_events
from tests.services.database import Database
from tests.writers.postgres.support import ORDERS, ORDERS_TABLE, new_database, plain

TOKENS = TokenMaker()
SCHEMA = {"type": "object", "required": ["id"]}


class Site:
    """A configuration with the topics `free` and `guarded` into both sinks, and what these hold."""

    def __init__(self, folder: Path, postgres: Database) -> None:
        self._folder = folder
        self._postgres = postgres
        self._database = new_database(postgres, tables=ORDERS_TABLE)
        topic = {"schema": SCHEMA, "event_id": "/id", "writers": {"postgres": {"sql": ["orders.sql"]}, "sqlite": {}}}
        config = {
            "token_public_keys_url": "keys.json",
            "access_config": "access.json",
            "topics": {"free": topic, "guarded": topic | {"guard": "postgres"}},
            "limits": {"request_timeout_seconds": 3},
            "writers": {"postgres": {"dsn": plain(postgres.dsn(self._database))}, "sqlite": {}},
        }
        (folder / "orders.sql").write_text(ORDERS)
        (folder / "keys.json").write_bytes(TOKENS.jwks())
        (folder / "access.json").write_text(json.dumps({"free": ["ann"], "guarded": ["ann"]}))
        (folder / "config.json").write_text(json.dumps(config))

    async def send(self, topic: str, *events: Any) -> list[dict[str, Any]]:
        """The results of a batch, sent through a gate of its own."""
        body = "\n".join(json.dumps(event) for event in events).encode()

        async def read(limit: int) -> bytes:
            return body

        bearer = b"Bearer " + TOKENS.token("ann").encode()
        fields = [(b"authorization", bearer), (b"content-type", b"application/x-ndjson")]
        async with open_gate(str(self._folder), background=False, default_sqlite=False, env={}) as gate:
            answer = await gate.handle(Request("POST", f"/topics/{topic}", fields, read))
        results: list[dict[str, Any]] = json.loads(answer.body)["results"]
        assert [result["index"] for result in results] == list(range(len(events)))
        return results

    def rows(self) -> Counter[str]:
        """How often the table holds each id."""
        return Counter(row["id"] for row in self._postgres.fetch("SELECT id FROM orders", database=self._database))

    def file(self) -> Counter[str]:
        """How often the file holds each id."""
        return Counter(stored.event_id for stored in read_events(self._folder / "events.db"))


@pytest.fixture
def site(tmp_path: Path, postgres: Database) -> Site:
    """A site of the test's own."""
    return Site(tmp_path, postgres)


def order(number: int, **members: Any) -> dict[str, Any]:
    return {"id": f"o-{number}", "amount": number + 1, "name": "bolt", **members}


def told(results: list[dict[str, Any]]) -> Counter[tuple[int, str, str, bool]]:
    """How often each fate was told: status, both outcomes, and whether to try again."""
    fates: Counter[tuple[int, str, str, bool]] = Counter()
    for each in results:
        postgres, sqlite = (each["writers"][name]["outcome"] for name in ("postgres", "sqlite"))
        fates[each["status"], postgres, sqlite, each["retryable"]] += 1
    return fates


@pytest.fixture
def poisoned() -> list[dict[str, Any]]:
    """Two hundred events, more than Postgres takes in one group; the table's constraint forbids two of them."""
    return [order(number, **({"amount": -5} if number in (3, 130) else {})) for number in range(200)]


async def test_one_poisoned_event_is_refused_and_all_others_are_delivered(
    site: Site, poisoned: list[dict[str, Any]]
) -> None:
    first = await site.send("free", *poisoned)
    assert told(first) == {(202, "delivered", "delivered", False): 198, (400, "refused", "delivered", False): 2}
    assert [each["index"] for each in first if each["status"] == 400] == [3, 130]
    again = await site.send("free", *poisoned)
    assert told(again) == {(202, "duplicate", "duplicate", False): 198, (400, "refused", "duplicate", False): 2}
    assert await asyncio.to_thread(site.rows) == {event["id"]: 1 for event in poisoned if event["amount"] > 0}
    assert site.file() == {event["id"]: 1 for event in poisoned}


async def test_what_a_guard_refuses_reaches_no_other_sink(site: Site, poisoned: list[dict[str, Any]]) -> None:
    results = await site.send("guarded", *poisoned)
    assert told(results) == {(202, "delivered", "delivered", False): 198, (400, "refused", "skipped", False): 2}
    good = {event["id"]: 1 for event in poisoned if event["amount"] > 0}
    assert await asyncio.to_thread(site.rows) == site.file() == good


async def test_an_id_that_comes_twice_in_a_batch_is_what_it_is_in_two_posts(site: Site) -> None:
    """The same bytes are a duplicate, other bytes a conflict; neither stops the others."""
    results = await site.send("guarded", order(1), order(1), order(2), order(1, name="nut"))
    fates = [(each["status"], each["writers"]["postgres"]["outcome"]) for each in results]
    assert fates == [(202, "delivered"), (202, "duplicate"), (202, "delivered"), (409, "conflict")]
    assert results[3]["writers"]["sqlite"] == {"outcome": "skipped", "reason": "guard"}
    assert await asyncio.to_thread(site.rows) == site.file() == {"o-1": 1, "o-2": 1}


async def test_while_the_database_is_down_every_event_is_to_be_tried_again_and_then_is_there_once(
    site: Site, postgres: Database
) -> None:
    """The file has them already, and keeps each once."""
    events = [order(number) for number in range(100)]
    await asyncio.to_thread(postgres.stop)
    try:
        failed = await site.send("free", *events)
    finally:
        await asyncio.to_thread(postgres.start)
    assert told(failed) == {(500, "failed", "delivered", True): 100}
    assert told(await site.send("free", *events)) == {(202, "delivered", "duplicate", False): 100}
    assert await asyncio.to_thread(site.rows) == site.file() == {event["id"]: 1 for event in events}
