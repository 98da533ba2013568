"""What `check` finds in the settings of a Kafka writer, and what librdkafka is given."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Mapping
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from eventgate.config.writers import parse_writers
from eventgate.core.writer import WriterContext
from eventgate.errors import ConfigurationError, Finding
from eventgate.writers.kafka.findings import FORBIDDEN
from eventgate.writers.kafka.names import CONSUMERS, PROPERTIES
from eventgate.writers.kafka.settings import KafkaSettings, properties
from tests.writers.kafka.support import kafka_writer

SECRET = "not-for-anybodys-eyes"


def findings(config: Mapping[str, Any], directory: Path | None = None) -> list[Finding]:
    """Those of a writer with this `config`."""
    entry = {"kafka": {"bootstrap_servers": "b1.example:9092", "config": config}}
    return list(parse_writers(entry, file="config.json", directory=directory)[1])


def installed() -> tuple[set[str], set[str]]:
    """All properties of the librdkafka in the wheel, and those that only consumers heed: from its own table."""
    library = next(path for path in files("confluent-kafka") or [] if path.name.startswith("librdkafka"))
    librdkafka = ctypes.CDLL(str(library.locate()))
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile() as table:
        stream = ctypes.c_void_p(libc.fopen(table.name.encode(), b"w"))
        librdkafka.rd_kafka_conf_properties_show(stream)
        libc.fclose(stream)
        rows = [line.split("|") for line in Path(table.name).read_text().splitlines() if line.count("|") > 3]
    kinds = [(row[0].strip(), row[1].strip()) for row in rows if row[1].strip() in ("*", "C", "P")]
    of_producers = {name for name, kind in kinds if kind != "C"}
    return {name for name, _ in kinds}, {name for name, _ in kinds} - of_producers


def test_the_names_are_those_of_the_installed_library() -> None:
    """One with new properties fails here."""
    assert installed() == (set(PROPERTIES), set(CONSUMERS))


def test_ordinary_settings_have_no_findings() -> None:
    """Whatever librdkafka has may be set."""
    assert findings({}) == []
    assert findings({"linger.ms": 0.5, "compression.type": "zstd", "socket.keepalive.enable": False}) == []
    assert findings({"security.protocol": "SASL_SSL", "sasl.mechanism": "AWS_MSK_IAM"}) == []
    oidc = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://sso.example/token",
    }
    assert findings(oidc) == []


def test_an_unknown_name_is_a_finding_with_the_nearest_one() -> None:
    """All of them at once."""
    first, second = findings({"compresion.type": "gzip", "linger.msec": 3})
    assert (first.pointer, first.severity) == ("/writers/kafka/config/compresion.type", "error")
    assert first.hint == "did you mean compression.type?"
    assert second.hint == "did you mean linger.ms?"


def test_a_value_that_librdkafka_does_not_take_is_a_finding_without_it() -> None:
    """It may be a secret in the wrong place."""
    found = findings({"compression.type": SECRET, "linger.ms": -5, "batch.size": "many"})
    assert [each.pointer.rpartition("/")[2] for each in found] == ["compression.type", "linger.ms", "batch.size"]
    assert SECRET not in str(found)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_would_break_the_promises_is_an_error(name: str) -> None:
    """Each with its reason."""
    (found,) = findings({name: "1"})
    assert (found.severity, found.message) == ("error", FORBIDDEN[name])


def test_what_is_so_anyway_may_be_said() -> None:
    """`acks` in the only way that it can be."""
    assert findings({"acks": "all"}) == findings({"acks": -1}) == []


def test_callbacks_cannot_be_set() -> None:
    """They are code."""
    assert {each.message for each in findings({"error_cb": "x", "logger": "x", "ssl_key": "x"})} == {
        "cannot be set in a file"
    }


def test_no_idempotence_is_a_warning() -> None:
    """Old brokers' access rules may ask for it."""
    (found,) = findings({"enable.idempotence": False})
    assert found.severity == "warning"


def test_a_consumers_property_is_a_warning() -> None:
    """It does nothing."""
    (found,) = findings({"group.id": "g"})
    assert (found.severity, found.message) == ("warning", "concerns consumers only, without effect")


def test_properties_that_do_not_go_together_are_a_finding() -> None:
    """As librdkafka says, in our words."""
    (found,) = findings({"max.in.flight": 10})
    assert found.pointer == "/writers/kafka/config/max.in.flight"
    (found,) = findings({"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"})
    assert "`sasl.username` and `sasl.password`" in found.message


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"ssl.key.password": SECRET}, ["ssl.key.password"]),
        (
            {"security.protocol": "SASL_PLAINTEXT", "ssl.crl.location": "x", "ssl.key.password": SECRET},
            ["ssl.crl.location"],
        ),
        ({"security.protocol": "ssl", "sasl.username": "u", "ssl.key.password": SECRET}, ["sasl.username"]),
        ({"sasl.username": "u", "ssl.key.password": SECRET}, ["ssl.key.password", "sasl.username"]),
        ({"security.protocol": "sasl_ssl", "sasl.mechanism": "AWS_MSK_IAM", "ssl.key.password": SECRET}, []),
    ],
)
def test_settings_for_tls_or_a_login_that_nothing_uses_are_a_warning(config: dict[str, Any], named: list[str]) -> None:
    """Or events would travel in clear text where somebody set up certificates."""
    told = [found for found in findings(config) if "without effect" in found.message]
    assert [found.pointer for found in told] == [f"/writers/kafka/config/{name}" for name in named]
    assert {found.severity for found in told} <= {"warning"}
    assert SECRET not in str(told)


def test_a_file_that_is_not_there_is_a_finding_without_its_path(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Relative to the configuration directory."""
    config = {"security.protocol": "SSL", "ssl.ca.location": "certs/ca.pem"}
    (found,) = findings(config, tmp_path)
    assert found.pointer == "/writers/kafka/config/ssl.ca.location"
    assert str(tmp_path) not in str(found)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_kerberos_needs_another_library() -> None:
    """The finding says which."""
    (found,) = findings({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"})
    assert "GSSAPI" in found.message
    assert "image" in str(found.hint)


def test_file_names_are_relative_to_the_configuration() -> None:
    """Absolute ones and `probe` are left as they are."""
    config = {"ssl.ca.location": "probe", "ssl.key.location": "k.pem", "sasl.kerberos.keytab": "/etc/k"}
    settings = KafkaSettings("b:9092", {**config})
    values = properties(settings, directory=Path("/conf"), ca_bundle=True, longest_seconds=10)
    assert values["ssl.ca.location"] == "probe"
    assert values["ssl.key.location"] == str(Path("/conf/k.pem"))
    assert values["sasl.kerberos.keytab"] == "/etc/k"


def test_librdkafka_gives_up_connections_before_requests_end_and_events_long_after() -> None:
    """A silent connection in half of a request's time; an event later than any producer keeps it."""
    values = properties(KafkaSettings("b:9092"), directory=None, ca_bundle=True, longest_seconds=7.5)
    assert (values["message.timeout.ms"], values["socket.timeout.ms"]) == ("25000", "3750")
    assert values["acks"] == "all"


def test_the_ca_bundle_is_for_the_token_endpoint_only() -> None:
    """Brokers have settings of their own."""
    oidc = KafkaSettings("b:9092", {"sasl.oauthbearer.method": "oidc"})
    values = properties(oidc, directory=None, ca_bundle="/ca.pem", longest_seconds=10)
    assert values["https.ca.location"] == "/ca.pem"
    assert "ssl.ca.location" not in values
    plain = properties(KafkaSettings("b:9092"), directory=None, ca_bundle="/ca.pem", longest_seconds=10)
    assert "https.ca.location" not in plain


def test_the_settings_need_brokers() -> None:
    """Nothing else."""
    (found,) = parse_writers({"kafka": {}}, file="config.json")[1]
    assert found.message == "`bootstrap_servers` is missing"


async def test_what_librdkafka_rejects_when_opened_is_a_configuration_error() -> None:
    """A file may have gone since it was checked."""
    writer = kafka_writer("b:9092", {"security.protocol": "SSL", "ssl.ca.location": "/nowhere/ca.pem"})
    with pytest.raises(ConfigurationError) as error:
        await writer.open()
    assert "/nowhere" not in str(error.value)
    await writer.close()


def test_signed_tokens_need_a_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the brokers' names or the environment."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="no AWS region"):
        kafka_writer("b:9092", {"sasl.mechanism": "AWS_MSK_IAM"})
    assert kafka_writer("b-1.x.kafka.eu-west-1.amazonaws.com:9098", {"sasl.mechanism": "AWS_MSK_IAM"}).name == "kafka"


def test_a_context_has_what_a_writer_needs() -> None:
    """Also one that knows nothing but a name."""
    assert WriterContext(name="kafka", directory=None).request_timeout_seconds == 10.0
