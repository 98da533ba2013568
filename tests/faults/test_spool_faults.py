"""The spool in front of real sinks: Kafka and PostgreSQL go down, and what was deferred arrives when they are back."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventgate.app import open_gate
from tests.cli.commands import eventgate
from tests.services.broker import Broker
from tests.services.database import Database
from tests.spool.support import TOKENS, Client, eventually
from tests.writers.postgres.support import new_database

SECONDS = 2


def configure(folder: Path, writer: str, settings: dict[str, Any], **topic: Any) -> None:
    """A gate whose topic `orders` goes to one writer, with a spool."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    orders = {"schema": schema, "event_id": "/id", "key": "/key", "spool": True, "writers": {writer: topic}}
    config = {
        "token_public_keys_url": "keys.json",
        "topics": {"orders": orders},
        "writers": {writer: settings},
        "limits": {"request_timeout_seconds": SECONDS},
        "spool": {"store": "sqlite:spool.db", "on_invalid": "keep"},
    }
    (folder / "keys.json").write_bytes(TOKENS.jwks())
    (folder / "access.json").write_text(json.dumps({"orders": ["ann"]}))
    (folder / "config.json").write_text(json.dumps(config))


@pytest.fixture
def broker(kafka: Broker) -> Iterator[Broker]:
    yield kafka
    kafka.start()


@pytest.fixture
def database(postgres: Database) -> Iterator[Database]:
    yield postgres
    postgres.start()


async def test_events_for_a_stopped_broker_arrive_in_order_once_it_is_back(tmp_path: Path, broker: Broker) -> None:
    topic = broker.create_topic(f"spool-{uuid.uuid4().hex}")
    configure(tmp_path, "kafka", {"bootstrap_servers": broker.bootstrap}, topic=topic)
    ids = [f"{number:02}" for number in range(20)]
    async with open_gate(str(tmp_path), background=True, default_sqlite=False, env={}) as gate:
        client = Client(gate)
        await asyncio.to_thread(broker.stop)
        answers = await asyncio.gather(*(client.post({"id": id, "key": "none"}) for id in ids[:1]))
        answers += [await client.post({"id": id, "key": "none"}) for id in ids[1:]]
        assert {(answer.status, answer.outcomes["kafka"]) for answer in answers} == {(202, "deferred")}
        await asyncio.to_thread(broker.start)
        await eventually(lambda: len({each.headers["eventgate-event-id"] for each in broker.read(topic)}) == 20, "all")
    read = [each.headers["eventgate-event-id"].decode() for each in broker.read(topic)]
    first = list(dict.fromkeys(read))
    assert first == ids


async def test_events_for_a_stopped_database_are_there_once_when_it_is_back(tmp_path: Path, database: Database) -> None:
    name = new_database(database)
    configure(tmp_path, "postgres", {"dsn": f"{database.dsn(name)}?sslmode=disable"})
    ids = [f"{number:02}" for number in range(20)]
    query = "select event_id from eventgate_events"
    async with open_gate(str(tmp_path), background=True, default_sqlite=False, env={}) as gate:
        client = Client(gate)
        assert (await client.post({"id": "before"})).outcomes == {"postgres": "delivered"}
        await asyncio.to_thread(database.stop)
        answers = await asyncio.gather(*(client.post({"id": id}) for id in ids))
        assert {(answer.status, answer.outcomes["postgres"]) for answer in answers} == {(202, "deferred")}
        await asyncio.to_thread(database.start)
        await eventually(lambda: len(database.fetch(query, database=name)) == 21, "all")
        assert (await client.post({"id": "after"})).outcomes == {"postgres": "delivered"}
    found = sorted(str(row["event_id"]) for row in database.fetch(query, database=name))
    assert found == [*ids, "after", "before"]


async def test_a_replayed_event_says_so_in_kafka(tmp_path: Path, broker: Broker) -> None:
    topic = broker.create_topic(f"replay-{uuid.uuid4().hex}")
    configure(tmp_path, "kafka", {"bootstrap_servers": broker.bootstrap}, topic=topic)
    async with open_gate(str(tmp_path), background=False, default_sqlite=False, env={}) as gate:
        assert (await Client(gate).post({"n": 7}, headers={"idempotency-key": "seven"})).status == 400
    config = json.loads((tmp_path / "config.json").read_text())
    config["topics"]["orders"] |= {"schema": {}, "event_id": "/other"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    ran = await asyncio.to_thread(eventgate, "deadletters", "replay", "--conf", str(tmp_path))
    assert ran.code == 0, ran.err
    (message,) = broker.read(topic)
    assert message.value == b'{"n": 7}'
    assert message.headers["eventgate-event-id"] == b"seven"
    assert message.headers["eventgate-subject"] == b"ann"
    received, replayed = (message.headers[name].decode() for name in ("eventgate-received-at", "eventgate-replayed"))
    assert received < replayed
