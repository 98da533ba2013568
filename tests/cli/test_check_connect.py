"""`eventgate check --connect` on real sinks: what is missing there is a finding, at its place in the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventgate.testing import TokenMaker
from tests.cli.commands import Ended, eventgate
from tests.config.directories import write
from tests.deployment import key_server
from tests.services.aws import ACCOUNT, REGION, Aws
from tests.services.broker import Broker
from tests.services.database import Database
from tests.writers.kafka.support import new_topic, split
from tests.writers.postgres.support import new_database, plain

NO_BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/absent"
SCHEMA = {"type": "object"}


@pytest.fixture(scope="module")
def keys_url() -> Iterator[str]:
    """An address with a key."""
    with key_server(TokenMaker().jwks()) as url:
        yield url


class Folder:
    """A configuration directory; `topics` is what its index says."""

    def __init__(self, path: Path, keys_url: str) -> None:
        self.path = path
        self.config: dict[str, Any] = {"token_public_keys_url": keys_url, "writers": {}}
        self.topics: dict[str, Any] = {"orders": {}}

    def check(self, env: dict[str, str] | None = None, *arguments: str) -> Ended:
        write(self.path / "config.json", self.config)
        write(self.path / "access.json", {name: ["ann"] for name in self.topics})
        for name in self.topics:
            write(self.path / f"topics/{name}.json", SCHEMA)
        if any(self.topics.values()):
            write(self.path / "topics/index.json", {name: use for name, use in self.topics.items() if use})
        return eventgate("check", "--connect", "--conf", self.path, *arguments, env=env)


@pytest.fixture
def folder(tmp_path: Path, keys_url: str) -> Folder:
    """One topic `orders`, no writer yet."""
    return Folder(tmp_path, keys_url)


def said(ended: Ended) -> list[str]:
    """The findings, as they are printed."""
    return [line for line in ended.out.splitlines() if line.startswith(("error", "warning"))]


def test_sinks_that_have_all_that_the_topics_need(kafka: Broker, postgres: Database, aws: Aws, folder: Folder) -> None:
    """Nothing is written, and there is nothing to say."""
    topic = kafka.create_topic(new_topic())
    bus = aws.client("events").create_event_bus(Name=new_topic("bus"))["EventBusArn"]
    folder.config["writers"] = {
        "kafka": {"bootstrap_servers": kafka.bootstrap},
        "postgres": {"dsn": plain(postgres.dsn(new_database(postgres)))},
        "eventbridge": {"event_bus_arn": bus},
    }
    folder.topics["orders"] = {"writers": {"kafka": {"topic": topic}, "postgres": {}, "eventbridge": {}}}
    ended = folder.check(aws.env, "--strict")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "keys: ok\nkafka: ok\npostgres: ok\neventbridge: ok\n0 errors, 0 warnings\n"
    assert kafka.read(topic) == []


def test_a_kafka_topic_that_is_missing(kafka: Broker, folder: Folder) -> None:
    """At the topic's settings for the writer, where there are any; else at the topic."""
    missing, plain_one = new_topic(), new_topic()
    folder.config["writers"] = {"kafka": {"bootstrap_servers": kafka.bootstrap}}
    folder.topics = {"orders": {"writers": {"kafka": {"topic": missing}}}, plain_one: {}}
    ended = folder.check()
    assert (ended.code, ended.err) == (1, "")
    assert "kafka: ok" in ended.out
    hint = "(create it; its events fail until it is there)"
    assert said(ended) == [
        f"error: topics/index.json#/orders/writers/kafka: the topic orders: Kafka has no topic {missing} {hint}",
        f"error: topics/{plain_one}.json: the topic {plain_one}: Kafka has no topic {plain_one} {hint}",
    ]


def test_rights_on_a_kafka_topic_that_are_missing(kafka: Broker, folder: Folder) -> None:
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl("stranger"))
    folder.config |= {"topics": {topic: {"schema": SCHEMA}}}
    folder.config["writers"] = {"kafka": {"bootstrap_servers": bootstrap, "config": config}}
    ended = folder.check()
    assert ended.code == 1
    (finding,) = [line for line in said(ended) if line.startswith("error")]
    assert finding.startswith(f"error: config.json#/topics/{topic}: the topic {topic}: the Kafka topic {topic}: ")
    assert "access rules do not allow it" in finding
    assert "stranger" not in ended.out


def test_tables_that_are_missing(postgres: Database, folder: Folder) -> None:
    """The gate's own, and those of a statement, with its line. The database was reached."""
    folder.config["writers"] = {"postgres": {"dsn": plain(postgres.dsn(postgres.create_database()))}}
    folder.topics["rows"] = {"writers": {"postgres": {"sql": ["rows.sql"]}}}
    write(folder.path / "topics/rows.sql", "INSERT INTO\n  no_such_table\nSELECT 1 FROM jsonb_array_elements($1)")
    ended = folder.check()
    assert (ended.code, ended.err) == (1, "")
    assert "postgres: the gate's tables are missing" in ended.out
    assert said(ended) == [
        "error: topics/index.json#/rows/writers/postgres: the topic rows: there is no table eventgate_ledger "
        "(run `eventgate db migrate`)",
        "error: topics/orders.json: the topic orders: there is no table eventgate_events (run `eventgate db migrate`)",
        'error: topics/rows.sql: line 2: relation "no_such_table" does not exist (42P01)',
    ]


@pytest.mark.parametrize("flat", [True, False])
def test_a_bus_that_is_missing(aws: Aws, folder: Folder, *, flat: bool) -> None:
    """At the key that names it, whichever form the file has."""
    if flat:
        folder.config = {name: value for name, value in folder.config.items() if name != "writers"}
        folder.config |= {"event_bus_arn": NO_BUS, "topics": "topics/"}
    else:
        folder.config["writers"] = {"bus": {"type": "eventbridge", "event_bus_arn": NO_BUS}}
    ended = folder.check(aws.env)
    assert (ended.code, ended.err) == (1, "")
    place = "/event_bus_arn" if flat else "/writers/bus/event_bus_arn"
    assert said(ended)[0].startswith(f"error: config.json#{place}: there is no such event bus (")
    assert ACCOUNT not in ended.out


def test_sinks_that_do_not_answer(folder: Folder) -> None:
    """Exit code 3, as long as nothing else is wrong."""
    folder.config["writers"] = {
        "kafka": {"bootstrap_servers": "127.0.0.1:1"},
        "postgres": {"dsn": "postgresql://u@127.0.0.1:1/d?sslmode=disable"},
        "eventbridge": {"event_bus_arn": NO_BUS, "endpoint_url": "http://127.0.0.1:1"},
    }
    env = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    ended = folder.check(env, "--format", "json")
    assert (ended.code, ended.error()) == (3, "cannot reach kafka, postgres, eventbridge")
    report = json.loads(ended.out)
    assert (report["errors"], report["connections"]["keys"]) == (0, "ok")
    folder.config["refresh_second"] = 5
    assert folder.check(env).code == 1
