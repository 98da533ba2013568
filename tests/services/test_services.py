"""The services that other tests rely on do what they say."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from tests.services import broker as broker_module
from tests.services.aws import Aws
from tests.services.broker import QUIET, Broker
from tests.services.database import Database, database
from tests.services.jars import kafka_class_path
from tests.services.process import Child, ServiceUnavailable, free_port
from tests.services.proxy import TcpProxy

ProxyTo = Callable[[str, int], TcpProxy]


def topic_name() -> str:
    return f"t-{uuid.uuid4().hex}"


def produce(bootstrap: str, topic: str, *values: bytes, seconds: int = 20) -> int:
    """Send `values` within `seconds`; how many of them the broker acknowledged."""
    taken: list[bool] = []

    def note(error: KafkaError | None, _: object) -> None:
        taken.append(error is None)  # only `is`: in confluent-kafka 2.16 an error that is compared corrupts the caller

    producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": seconds * 1000, **QUIET})
    for value in values:
        producer.produce(topic, value, key=b"k", headers={"h": b"1"}, callback=note)
    producer.flush(seconds + 5)
    return sum(taken)


def test_what_the_broker_took_outlives_it(kafka: Broker) -> None:
    """Stopped or killed, it comes back with its topics, on the same address."""
    topic = kafka.create_topic(topic_name(), partitions=2)
    for number, end in enumerate((kafka.stop, kafka.kill)):
        assert produce(kafka.bootstrap, topic, b"%d" % number) == 1
        end()
        kafka.start()
        assert [message.value for message in kafka.read(topic)] == [b"0", b"1"][: number + 1]
    assert {message.key for message in kafka.read(topic)} == {b"k"}
    assert kafka.read(topic)[0].headers == {"h": b"1"}


def test_a_paused_broker_says_nothing(kafka: Broker) -> None:
    topic = kafka.create_topic(topic_name())
    kafka.pause()
    try:
        assert produce(kafka.bootstrap, topic, b"late", seconds=1) == 0
    finally:
        kafka.resume()
    assert produce(kafka.bootstrap, topic, b"now") == 1


def test_a_topic_can_be_deleted_and_made_again(kafka: Broker) -> None:
    topic = kafka.create_topic(topic_name(), max_message_bytes=2000)
    assert [produce(kafka.bootstrap, topic, b"x" * size) for size in (100, 3000)] == [1, 0]
    kafka.delete_topic(topic)
    assert kafka.read(topic) == []
    kafka.create_topic(topic)
    assert kafka.read(topic) == []


def test_a_client_can_be_sent_through_a_proxy(kafka: Broker, proxy_to: ProxyTo) -> None:
    """All of its connections: once the wire is cut, nothing arrives."""
    topic = kafka.create_topic(topic_name())
    proxy = proxy_to(*kafka.address)
    bootstrap = kafka.through(proxy)
    assert produce(bootstrap, topic, b"1") == 1
    proxy.cut()
    assert produce(bootstrap, topic, b"2", seconds=1) == 0
    proxy.restore()
    assert produce(bootstrap, topic, b"3") == 1
    assert [message.value for message in kafka.read(topic)] == [b"1", b"3"]


def test_the_broker_has_secure_listeners(kafka: Broker) -> None:
    own = {"ssl.certificate.location": str(kafka.node.ca_file), "ssl.key.location": str(kafka.node.key_file)}
    oauth: dict[str, Any] = {
        "bootstrap.servers": kafka.node.address("OAUTH"),
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": lambda _: (kafka.token(), time.time() + 600),
    }
    topic = kafka.create_topic(topic_name())
    ways: tuple[dict[str, Any], ...] = (kafka.tls() | own, kafka.sasl(), kafka.sasl(mechanism="PLAIN"), oauth)
    for settings in ways:
        client = AdminClient({**settings, **QUIET})
        assert topic in client.list_topics(timeout=60).topics
    stranger = AdminClient({**kafka.sasl("stranger"), **QUIET})
    assert topic not in stranger.list_topics(timeout=60).topics
    with pytest.raises(KafkaException):
        AdminClient({**kafka.sasl(), **QUIET, "sasl.password": "wrong"}).list_topics(timeout=1)


def test_what_the_database_took_outlives_it(postgres: Database) -> None:
    name = postgres.create_database()
    postgres.execute("create table t (n int); insert into t values (1)", database=name)
    postgres.restart()
    postgres.execute("insert into t values ($1)", 2, database=name)
    postgres.kill()
    postgres.start()
    assert postgres.fetch("select n from t order by n", database=name) == [{"n": 1}, {"n": 2}]


def test_a_database_that_is_measured_waits_for_the_disk() -> None:
    with database(durable=True) as measured:
        assert measured.fetch("show fsync") == [{"fsync": "on"}]


async def test_a_paused_database_says_nothing(postgres: Database) -> None:
    """Its open sessions neither."""
    connection = await asyncpg.connect(postgres.dsn())
    postgres.pause()
    with pytest.raises(TimeoutError):
        await connection.execute("select 1", timeout=0.2)
    postgres.resume()
    await connection.close()


async def test_a_role_can_need_a_password_and_tls(postgres: Database) -> None:
    user = postgres.create_user("right")
    address = f"{postgres.dsn(user=user, password='right')}?sslrootcert={postgres.server.ca_file}&sslmode=verify-full"
    connection = await asyncpg.connect(address)
    row = await connection.fetchrow("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    await connection.close()
    assert row is not None
    assert row["ssl"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn(user=user, password="wrong"))


def test_the_cloud_plays_its_four_services(aws: Aws) -> None:
    assert aws.client("events").list_event_buses()["EventBuses"]
    aws.client("s3").create_bucket(Bucket="conf", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert aws.client("sqs").create_queue(QueueName="q")["QueueUrl"].startswith(aws.endpoint_url)
    aws.client("secretsmanager").create_secret(Name="s", SecretString="{}")
    aws.reset()
    assert aws.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_service_that_ends_at_once_is_one_line(tmp_path: Path) -> None:
    child = Child("nothing", ["sh", "-c", "echo out of paper; exit 3"], tmp_path, lambda: False)
    with pytest.raises(ServiceUnavailable, match="nothing did not start: out of paper"):
        child.start()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Java; jars that are not there and nothing to fetch them with; an address at which nothing listens."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: "/bin/java" if name == "java" else None)
    with pytest.raises(ServiceUnavailable, match="`mvn`"):
        kafka_class_path()
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ServiceUnavailable, match="`java`"):
        kafka_class_path()
    monkeypatch.setenv(broker_module.ADDRESS, f"127.0.0.1:{free_port()}")
    with pytest.raises(ServiceUnavailable, match="nothing listens"), broker_module.broker():
        pass
