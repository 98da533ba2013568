"""The ways to log in at a cluster; credentials that are wrong, denied, or replaced while the gate runs."""

from __future__ import annotations

import base64
import logging
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from eventgate.core.model import Outcome
from eventgate.errors import SinkUnavailable, SourceError
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.iam import NoCredentials, token_source
from eventgate.writers.kafka.settings import Value
from tests.services.broker import Broker
from tests.writers.kafka.support import deliver, delivers, kafka_writer, new_topic, split

BROKERS = "b-1.demo.x1.c2.kafka.eu-west-1.amazonaws.com:9098"


class Reference(str):
    """A string that came by reference, as a configuration's secrets do."""

    reference = "env:KAFKA_PASSWORD"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_passwords(kafka: Broker, mechanism: str) -> None:
    """Over TLS."""
    assert await delivers(*split(kafka.sasl(mechanism=mechanism)), kafka.create_topic(new_topic()))


async def test_certificates(kafka: Broker) -> None:
    """The broker's, and one of our own."""
    bootstrap, config = split(kafka.tls())
    own: dict[str, Value] = {
        "ssl.certificate.location": str(kafka.node.ca_file),
        "ssl.key.location": str(kafka.node.key_file),
    }
    assert await delivers(bootstrap, config | own, kafka.create_topic(new_topic()))


async def test_a_wrong_password_is_named_and_not_shown(kafka: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """By events and probe alike; nothing was handed over, so nothing is there."""
    caplog.set_level(logging.DEBUG)
    bootstrap, config = split(kafka.sasl(mechanism="PLAIN"))
    topic = kafka.create_topic(new_topic())
    async with opened(kafka_writer(bootstrap, config | {"sasl.password": "wrong-secret"})) as writer:
        (result,) = await deliver(writer, make_event(topic=topic), seconds=2.0)
        with pytest.raises(SinkUnavailable) as error:
            await writer.probe()
    assert result.outcome is Outcome.FAILED
    for text in (str(result.reason), str(error.value)):
        assert text.startswith("the brokers do not accept the credentials")
    for secret in ("wrong-secret", bootstrap, bootstrap.partition(":")[2], "gate"):
        assert secret not in caplog.text.replace("eventgate", "")
    assert kafka.read(topic) == []


async def test_a_user_without_rights_fails(kafka: Broker) -> None:
    """The broker says so before it appends."""
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl("stranger"))
    async with opened(kafka_writer(bootstrap, config)) as writer:
        results = [(await deliver(writer, make_event(topic=topic)))[0] for _ in range(2)]
    assert {result.outcome for result in results} == {Outcome.FAILED}
    assert "access rules" in str(results[0].reason)
    assert kafka.read(topic) == []


async def test_a_password_that_was_replaced_is_read_again(kafka: Broker) -> None:
    """The writer comes back by itself, with a producer that knows the new one."""
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl(mechanism="PLAIN"))
    current, asked = str(config["sasl.password"]), 0

    async def resolve(reference: str) -> str:
        nonlocal asked
        assert reference == Reference.reference
        asked += 1
        return "outdated" if asked == 1 else current

    writer = kafka_writer(bootstrap, config | {"sasl.password": Reference("outdated")}, resolve=resolve)
    async with opened(writer):
        until = time.monotonic() + 20.0
        while time.monotonic() < until:
            (result,) = await deliver(writer, make_event(topic=topic), seconds=2.0)
            if result.outcome is Outcome.DELIVERED:
                break
    assert result.outcome is Outcome.DELIVERED
    assert asked >= 2  # again for each producer; a slow broker has one more replaced


async def test_a_secret_that_cannot_be_read_is_an_outage(kafka: Broker) -> None:
    """Which ends as soon as it can be."""
    topic = kafka.create_topic(new_topic())
    bootstrap, config = split(kafka.sasl(mechanism="PLAIN"))
    current, there = str(config["sasl.password"]), False

    async def resolve(reference: str) -> str:
        if not there:
            raise SourceError("there is no such file")
        return current

    async with opened(kafka_writer(bootstrap, config | {"sasl.password": Reference("x")}, resolve=resolve)) as writer:
        (failed,) = await deliver(writer, make_event(topic=topic), seconds=0.5)
        with pytest.raises(SinkUnavailable, match="a secret"):
            await writer.probe()
        there = True
        (delivered,) = await deliver(writer, make_event(topic=topic))
    assert failed.outcome is Outcome.FAILED
    assert failed.reason == "a secret of the Kafka writer cannot be read"
    assert delivered.outcome is Outcome.DELIVERED


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AWS credentials in the environment, and nowhere else."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-of-aws",
        "AWS_SESSION_TOKEN": "session-of-aws",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
def test_a_signed_token_is_a_presigned_request() -> None:
    """To the region in the brokers' names, good for 15 minutes."""
    token, expires = token_source(BROKERS, True)("")
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("https", "kafka.eu-west-1.amazonaws.com", "/")
    assert query["Action"] == ["kafka-cluster:Connect"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-Credential"][0].endswith("/eu-west-1/kafka-cluster/aws4_request")
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert query["X-Amz-Security-Token"] == ["session-of-aws"]
    assert len(query["X-Amz-Signature"][0]) == 64
    assert query["User-Agent"] == ["eventgate"]
    assert 890 < expires - time.time() <= 900


def test_no_credentials_are_an_error_without_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """librdkafka logs the text."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoCredentials, match="there are no AWS credentials"):
        token_source(BROKERS, True)("")


@pytest.mark.usefixtures("credentials")
async def test_the_writer_shows_brokers_its_signed_token(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that wants other tokens answers that this one is not good."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    config: dict[str, Value] = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "AWS_MSK_IAM"}
    async with opened(kafka_writer(kafka.node.address("OAUTH"), config)) as writer:
        with pytest.raises(SinkUnavailable, match="the brokers do not accept the credentials"):
            await writer.probe()
