"""Configuration directories of the first EventGate, unchanged, and the sinks that its clients have always had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from eventgate.testing import TokenMaker
from tests.aws.environment import use_credentials
from tests.config.directories import write
from tests.deployment import key_server
from tests.lake_sinks import LAKE, SUBJECTS, LakeSinks, fits_the_bus, lines
from tests.services.aws import REGION, Aws
from tests.services.broker import Broker
from tests.services.database import Database

TOKENS = TokenMaker()
SECRET = "lake/database"


@pytest.fixture
def sinks(kafka: Broker, postgres: Database, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> LakeSinks:
    """With the database's address as a secret; nobody has made the gate's own tables."""
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    sinks = LakeSinks(kafka, postgres, aws)
    host, port = postgres.address
    secret = {"host": host, "port": port, "database": sinks.database, "user": "postgres", "password": "any"}
    vault, text = aws.client("secretsmanager"), json.dumps({**secret, "sslmode": "disable"})
    if SECRET in {each["Name"] for each in vault.list_secrets()["SecretList"]}:
        vault.put_secret_value(SecretId=SECRET, SecretString=text)
    else:
        vault.create_secret(Name=SECRET, SecretString=text)
    return sinks


def with_schema_folder(root: Path, config: dict[str, Any]) -> Path:
    """The newer layout: a folder of schemas, a file of keys, paths from the parent directory."""
    conf = root / "conf"
    paths = {"access_config": "conf/access.json", "topic_keys_config": "conf/topic_keys.json"}
    write(conf / "config.json", {**config, **paths})
    write(conf / "topic_keys.json", {"public.cps.za.status_change": "job_id"})
    for topic in SUBJECTS:
        schema = (LAKE / "topics" / f"{topic}.json").read_bytes()
        write(conf / "topic_schemas" / f"{topic.rpartition('.')[2]}.json", schema)
    return conf


def with_schema_files(root: Path, config: dict[str, Any]) -> Path:
    """The older layout: schemas beside config.json, and paths from there."""
    conf = root / "conf"
    write(conf / "config.json", {**config, "access_config": "access.json", "topic_keys_config": "keys_of_topics.json"})
    write(conf / "keys_of_topics.json", {"public.cps.za.status_change": "job_id"})
    for topic in SUBJECTS:
        schema = (LAKE / "topics" / f"{topic}.json").read_bytes()
        write(conf / f"topic_{topic.rpartition('.')[2]}.json", schema)
    return conf


@pytest.fixture(params=[with_schema_folder, with_schema_files])
def environment(request: pytest.FixtureRequest, sinks: LakeSinks, tmp_path: Path) -> Iterator[Environment]:
    """The gate as an AWS Lambda function on such a directory."""
    with key_server(TOKENS.jwks()) as url:
        config = {
            "token_provider_url": "https://sso.example/login",
            "token_public_key_url": url,
            "kafka_bootstrap_server": sinks.kafka.bootstrap,
            "kafka_sasl_kerberos_principal": "",
            "kafka_sasl_kerberos_keytab_path": "",
            "kafka_ssl_ca_path": "",
            "kafka_ssl_cert_path": "",
            "kafka_ssl_key_path": "",
            "kafka_ssl_key_password": "",
            "event_bus_arn": sinks.bus.arn,
            "ssl_ca_bundle": True,
        }
        conf: Path = request.param(tmp_path, config)
        write(conf / "access.json", (LAKE / "access.json").read_bytes())
        variables = {
            "CONF_DIR": str(conf),
            "LOG_LEVEL": "ERROR",
            "POSTGRES_SECRET_NAME": SECRET,
            "POSTGRES_SECRET_REGION": REGION,
        }
        made = Environment(variables)
        yield made
        made.close()


def ask(
    environment: Environment, path: str, topic: str = "", body: bytes | None = None, subject: str | None = None
) -> tuple[int, Any]:
    """What a client of the first EventGate is answered: API Gateway's proxy, and its own header for the token."""
    resource = "/topics/{topic_name}" if topic else path
    invocation = {
        "resource": resource,
        "path": f"{path}/{topic}" if topic else path,
        "httpMethod": "GET" if body is None else "POST",
        "pathParameters": {"topic_name": topic} if topic else None,
        "headers": {"bearer": TOKENS.token(subject or SUBJECTS.get(topic, "nobody"))} if body else {},
        "body": None if body is None else body.decode(),
        "isBase64Encoded": False,
    }
    answer: Any = environment.answer(invocation, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_its_clients_events_land_where_they_always_have(environment: Environment, sinks: LakeSinks) -> None:
    """The same Kafka topics and keys, the same entries on the bus, the same tables."""
    assert ask(environment, "/topics") == (200, sorted(SUBJECTS))
    for topic in SUBJECTS:
        posted = [line for line in lines(topic) if fits_the_bus(json.loads(line))][:40]
        for line in posted:
            status, answer = ask(environment, "/topics", topic, line)
            assert (status, {each["outcome"] for each in answer["writers"].values()}) == (202, {"delivered"}), answer
            assert sorted(answer["writers"]) == ["eventbridge", "kafka", "postgres"]
            assert answer["event_id"] == json.loads(line)["event_id"]
        sinks.check(topic, posted, b"")
    status, answer = ask(environment, "/health")
    assert (status, answer["warnings"]) == (200, []), answer


def test_what_was_refused_is_refused(environment: Environment, sinks: LakeSinks) -> None:
    """Schema, access and unknown topics; nothing of it reaches a sink."""
    topic = "public.cps.za.test"
    invalid = (LAKE / "events" / "invalid" / f"{topic}.ndjson").read_bytes().splitlines()[0]
    assert ask(environment, "/topics", topic, invalid)[0] == 400
    assert ask(environment, "/topics", "public.cps.za.absent", b"{}")[0] == 404
    runs = lines("public.cps.za.runs")[0]
    assert ask(environment, "/topics", "public.cps.za.runs", runs, subject="TestUser")[0] == 403
    held = sinks.held(topic)
    assert (held.messages, held.events, held.rows["test"]) == ([], [], 0)
