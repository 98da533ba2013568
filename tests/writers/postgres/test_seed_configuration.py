"""A flat configuration with its secret in AWS: the four topics land in the tables that they have always had."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.model import Event
from eventgate.testing.contract import opened
from eventgate.writers.postgres.settings import TopicStatements
from eventgate.writers.postgres.writer import PostgresWriter
from tests.services.aws import REGION, Aws
from tests.services.database import Database
from tests.writers.postgres.lake import LAKE, SCHEMA, TOPICS, samples
from tests.writers.postgres.support import deliver, outcomes


def directory(root: Path) -> Path:
    """The configuration as it stands in a checkout of the first EventGate."""
    conf = root / "conf"
    (conf / "topic_schemas").mkdir(parents=True)
    config = {
        "access_config": "conf/access.json",
        "token_public_keys_url": "https://sso.example/keys",
        "kafka_bootstrap_server": "",
        "event_bus_arn": "",
        "topic_keys_config": "conf/topic_keys.json",
    }
    (conf / "config.json").write_text(json.dumps(config))
    (conf / "access.json").write_bytes((LAKE / "access.json").read_bytes())
    (conf / "topic_keys.json").write_text('{"public.cps.za.status_change": "job_id"}')
    for topic in TOPICS:
        schema = LAKE / "topics" / f"{topic}.json"
        (conf / "topic_schemas" / f"{topic.rsplit('.', 1)[1]}.json").write_bytes(schema.read_bytes())
    (conf / "topic_schemas" / "other.json").write_text("{}")
    return conf


async def test_the_topics_fill_their_tables(
    postgres: Database, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate makes its own tables by itself, since nobody has told its operator to."""
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    database = postgres.create_database()
    postgres.execute(SCHEMA, database=database)
    user = postgres.create_user("first")
    postgres.execute(f'GRANT ALL ON SCHEMA public TO "{user}"', database=database)
    postgres.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{user}"', database=database)
    postgres.execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{user}"', database=database)
    host, port = postgres.address
    secret = {
        "host": host,
        "port": port,
        "dbname": database,
        "username": user,
        "password": "first",
        "sslmode": "disable",
    }
    vault = aws.client("secretsmanager")
    vault.create_secret(Name=f"db-{database}", SecretString=json.dumps(secret))
    env = {"POSTGRES_SECRET_NAME": f"db-{database}", "POSTGRES_SECRET_REGION": REGION}
    configuration = await load_configuration(str(directory(tmp_path)), env)
    policy, _ = await PolicyLoader(configuration).load(None)
    (writer,) = configuration.build_writers()
    assert isinstance(writer, PostgresWriter)

    def event(sample: Event) -> Event:
        options = {"postgres": policy.topics[sample.topic].uses["postgres"].options}
        return msgspec.structs.replace(sample, options=options)

    async with opened(writer):
        await writer.probe()
        for topic in TOPICS:
            results = await deliver(writer, *map(event, samples(topic)), seconds=30)
            assert set(outcomes(results)) == {"delivered"}, topic
        assert policy.topics["other"].uses["postgres"].options == TopicStatements()
        postgres.execute(f"ALTER ROLE \"{user}\" PASSWORD 'second'")
        vault.put_secret_value(SecretId=f"db-{database}", SecretString=json.dumps({**secret, "password": "second"}))
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", user)
        again = [event(sample) for sample in samples("public.cps.za.test")]
        assert set(outcomes(await deliver(writer, *again, seconds=30))) == {"duplicate"}
    counts = postgres.fetch(
        "SELECT (SELECT count(*) FROM public_cps_za_runs) AS runs, (SELECT count(*) FROM public_cps_za_test) AS test",
        database=database,
    )
    assert dict(counts[0]) == {"runs": len(samples("public.cps.za.runs")), "test": len(samples("public.cps.za.test"))}
    await asyncio.sleep(0)
