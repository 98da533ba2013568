"""The data lake example on Kafka, EventBridge and PostgreSQL, real ones, by the configuration that it comes with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventgate.app import Gate, open_gate
from eventgate.core.model import Request
from eventgate.testing import TokenMaker
from tests.aws.environment import use_credentials
from tests.cli.commands import eventgate
from tests.deployment import key_server
from tests.lake_sinks import LAKE, SUBJECTS, LakeSinks, fits_the_bus, lines
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database
from tests.writers.postgres.support import plain

PLATFORM = LAKE / "platform"
TOKENS = TokenMaker()


@pytest.fixture
def sinks(kafka: Broker, postgres: Database, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> LakeSinks:
    """All that the example needs, the gate's own tables aside."""
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    return LakeSinks(kafka, postgres, aws)


@pytest.fixture
def env(sinks: LakeSinks, postgres: Database, aws: Aws) -> Iterator[dict[str, str]]:
    """What its page has the operator set; the database has the gate's tables, made as the page says."""
    with key_server(TOKENS.jwks()) as url:
        env = {
            "DATABASE_URL": plain(postgres.dsn(sinks.database)),
            "KAFKA_BOOTSTRAP_SERVERS": sinks.kafka.bootstrap,
            "EVENT_BUS_ARN": sinks.bus.arn,
            "TOKEN_KEYS_URL": url,
        }
        ended = eventgate("db", "migrate", "--conf", PLATFORM, env=env)
        assert ended.code == 0, ended
        yield env


async def post(gate: Gate, topic: str, body: bytes) -> tuple[int, dict[str, str]]:
    """Post one event as who may; the status, and each writer's outcome."""

    async def read(limit: int) -> bytes:
        return body

    fields = [(b"authorization", b"Bearer " + TOKENS.token(SUBJECTS[topic]).encode())]
    response = await gate.handle(Request("POST", f"/topics/{topic}", fields, read))
    writers = json.loads(response.body).get("writers", {})
    return response.status, {name: each["outcome"] for name, each in writers.items()}


def test_what_its_page_has_one_check_is_in_order(env: dict[str, str], aws: Aws) -> None:
    ended = eventgate("check", "--connect", "--strict", "--conf", PLATFORM, env={**aws.env, **env})
    assert ended.code == 0, ended
    assert "postgres: ok\n" in ended.out


async def test_every_event_lands_in_all_three(sinks: LakeSinks, env: dict[str, str]) -> None:
    """Save for long integers, which EventBridge does not take. A repeated event is no second row."""
    async with open_gate(str(PLATFORM), background=False, default_sqlite=False, env=env) as gate:
        for topic in SUBJECTS:
            answers = await asyncio.gather(*(post(gate, topic, line) for line in lines(topic)))
            for line, (status, outcomes) in zip(lines(topic), answers, strict=True):
                on_the_bus = "delivered" if fits_the_bus(json.loads(line)) else "refused"
                assert status == 202
                assert outcomes == {"postgres": "delivered", "kafka": "delivered", "eventbridge": on_the_bus}
            await asyncio.to_thread(sinks.check, topic, lines(topic), None)
        again, outcomes = await post(gate, topic, lines(topic)[0])
        assert (again, outcomes["postgres"]) == (202, "duplicate")


async def test_what_the_tables_refuse_reaches_no_other_sink(sinks: LakeSinks, env: dict[str, str]) -> None:
    """PostgreSQL is the guard: the schema allows fractions, its column does not."""
    topic = "public.cps.za.test"
    event = {**json.loads(lines(topic)[0]), "event_id": "beyond", "timestamp": 5.5, "additional_info": {}}
    async with open_gate(str(PLATFORM), background=False, default_sqlite=False, env=env) as gate:
        status, outcomes = await post(gate, topic, json.dumps(event).encode())
    assert (status, outcomes) == (400, {"postgres": "refused", "kafka": "skipped", "eventbridge": "skipped"})
    held = await asyncio.to_thread(sinks.held, topic)
    assert (held.messages, held.events, held.rows["test"]) == ([], [], 0)


def test_both_configurations_have_the_same_topics() -> None:
    index = json.loads((LAKE / "topics" / "index.json").read_bytes())
    platform = json.loads((PLATFORM / "topics.json").read_bytes())
    assert index.keys() == platform.keys()
    for name, topic in index.items():
        assert (platform[name]["event_id"], platform[name].get("key")) == (topic["event_id"], topic.get("key"))
        assert (PLATFORM / platform[name]["schema"]).resolve() == (LAKE / "topics" / topic["schema"]).resolve()
    assert Path(PLATFORM / "config.json").exists()
