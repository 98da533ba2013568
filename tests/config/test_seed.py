"""The flat configuration of the first EventGate works as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.config.seed import is_flat, key_pointer, topic_of
from eventgate.core.judging import partition_key
from eventgate.core.policy import Policy
from eventgate.errors import ConfigurationError, Finding
from eventgate.writers.kafka.settings import KafkaSettings
from tests.config.directories import SCHEMA, make, write

FLAT: dict[str, Any] = {
    "access_config": "conf/access.json",
    "topic_keys_config": "conf/topic_keys.json",
    "token_provider_url": "https://sso.example/login",
    "token_public_keys_url": "https://sso.example/keys",
    "kafka_bootstrap_server": "",
    "event_bus_arn": "",
    "ssl_ca_bundle": True,
}
RESTRICTED = {"source_app": ["restricted-app"], "environment": ["dev"]}
ACCESS: dict[str, Any] = {
    "public.cps.za.runs": {"FooBarUser": {}, "RestrictedUser": RESTRICTED},
    "public.cps.za.status_change": ["TestUser"],
    "public.cps.za.test": ["TestUser"],
}


def seed(root: Path, *, config: dict[str, Any] | None = None, folder: bool = True) -> Path:
    """A checkout with a flat configuration; returns its `conf`."""
    conf = root / "conf"
    write(conf / "config.json", {**FLAT, **(config or {})})
    write(conf / "access.json", ACCESS)
    write(conf / "topic_keys.json", {"public.cps.za.status_change": "job_id"})
    for stem in ("runs", "status_change", "test"):
        write(conf / (f"topic_schemas/{stem}.json" if folder else f"topic_{stem}.json"), SCHEMA)
    return conf


async def policy(conf: Path, env: dict[str, str] | None = None) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy of a flat configuration."""
    return await PolicyLoader(await load_configuration(str(conf), env or {})).load(None)


async def findings(conf: Path, env: dict[str, str] | None = None) -> set[tuple[str, str, str, str]]:
    """Everything that is said of a flat configuration: severity, file, pointer, message."""
    try:
        found = (await load_configuration(str(conf), env or {})).findings
    except ConfigurationError as error:
        found = error.findings
    return {(each.severity, each.file, each.pointer, each.message) for each in found}


@pytest.mark.parametrize("folder", [True, False])
async def test_both_layouts_of_topic_files_are_found(tmp_path: Path, folder: bool) -> None:
    found, wrong = await policy(seed(tmp_path, folder=folder))
    assert list(found.topics) == ["public.cps.za.runs", "public.cps.za.status_change", "public.cps.za.test"]
    assert wrong == ()


async def test_event_ids_keys_and_access_are_as_they_were(tmp_path: Path) -> None:
    found, _ = await policy(seed(tmp_path))
    pointers = {name: (topic.event_id, topic.key) for name, topic in found.topics.items()}
    assert {name: event_id and event_id.text for name, (event_id, _) in pointers.items()} == dict.fromkeys(
        pointers, "/event_id"
    )
    assert {name: key.text for name, (_, key) in pointers.items() if key} == {"public.cps.za.status_change": "/job_id"}
    assert found.access.subjects("public.cps.za.runs") == ("FooBarUser", "RestrictedUser")


async def test_defaults_are_as_they_were(tmp_path: Path) -> None:
    settings = (await load_configuration(str(seed(tmp_path)), {})).settings
    assert settings.auth.max_lifetime_seconds is None
    assert not settings.validation.assert_formats
    assert settings.limits.max_body_bytes == 6 * 1024 * 1024


async def test_sections_of_today_may_stand_beside_the_flat_keys(tmp_path: Path) -> None:
    config = {
        "auth": {"issuer": "sso"},
        "limits": {"max_depth": 9},
        "validation": {"assert_formats": True},
        "writers": {"sqlite": {}},
    }
    configuration = await load_configuration(str(seed(tmp_path, config=config)), {})
    settings = configuration.settings
    assert (settings.auth.issuer, settings.auth.max_lifetime_seconds) == ("sso", None)
    assert (settings.limits.max_depth, settings.limits.max_body_bytes) == (9, 6 * 1024 * 1024)
    assert settings.validation.assert_formats
    assert list(configuration.writers) == ["sqlite"]
    assert configuration.is_seed


async def test_without_writers_the_default_applies(tmp_path: Path) -> None:
    configuration = await load_configuration(str(seed(tmp_path)), {})
    assert list(configuration.writers) == ["sqlite"]
    assert [(each.severity, each.pointer) for each in configuration.findings] == [("warning", "/writers")]


@pytest.mark.parametrize(
    ("config", "env", "expected"),
    [
        (
            {},
            {"POSTGRES_SECRET_NAME": "db"},
            ("environment", "", "POSTGRES_SECRET_REGION is not set, but its other half is"),
        ),
        (
            {"access_config": "s3://b"},
            {},
            ("config.json", "/access_config", "is not of the form s3://BUCKET/KEY"),
        ),
        ({"kafka_bootstrap_server": 5}, {}, ("config.json", "/kafka_bootstrap_server", "must be a string")),
        ({"ssl_ca_bundle": "/absent/ca.pem"}, {}, ("config.json", "/ssl_ca_bundle", "there is no such file")),
    ],
)
async def test_what_it_asks_for_and_cannot_have_is_an_error(
    tmp_path: Path, config: dict[str, Any], env: dict[str, str], expected: tuple[str, str, str]
) -> None:
    assert ("error", *expected) in await findings(seed(tmp_path, config=config), env)


async def test_the_older_name_of_the_keys_address_counts(tmp_path: Path) -> None:
    config = {"token_public_keys_url": "", "token_public_key_url": "https://sso.example/key"}
    configuration = await load_configuration(str(seed(tmp_path, config=config)), {})
    assert configuration.settings.token_public_keys_url == "https://sso.example/key"


async def test_a_bad_address_is_named_by_its_flat_key(tmp_path: Path) -> None:
    config = {"token_public_keys_url": None, "token_public_key_url": "ftp://sso.example/key"}
    found = await findings(seed(tmp_path, config=config))
    assert ("error", "config.json", "/token_public_key_url") in {each[:3] for each in found}


async def test_unknown_keys_and_obsolete_variables_are_warnings(tmp_path: Path) -> None:
    env = {"KAFKA_FLUSH_TIMEOUT": "7", "KAFKA_FLUSH_RETRIES": "3", "KAFKA_RETRY_BACKOFF": "1"}
    found = await findings(seed(tmp_path, config={"event_bus_anr": "x", "$comment": "x"}), env)
    assert {("warning", place or message) for _, _, place, message in found} == {
        ("warning", "/event_bus_anr"),
        ("warning", "/writers"),
        ("warning", "KAFKA_FLUSH_TIMEOUT has no effect"),
        ("warning", "KAFKA_FLUSH_RETRIES has no effect"),
        ("warning", "KAFKA_RETRY_BACKOFF has no effect"),
    }


async def test_other_stems_stand_for_themselves_and_the_keys_file_is_no_topic(tmp_path: Path) -> None:
    conf = seed(tmp_path)
    write(conf / "topic_schemas/Orders.json", SCHEMA)
    write(conf / "topic_payments.json", SCHEMA)
    found, _ = await policy(conf)
    assert {"orders", "payments"} < set(found.topics)
    assert "keys" not in found.topics


async def test_a_file_in_the_older_place_gives_way_with_a_warning(tmp_path: Path) -> None:
    conf = seed(tmp_path)
    write(conf / "topic_runs.json", b"{")
    found, wrong = await policy(conf)
    assert "public.cps.za.runs" in found.topics
    assert [(each.severity, each.file) for each in wrong] == [("warning", "topic_runs.json")]


@pytest.mark.parametrize("content", [b"{", b"[]", b""])
async def test_a_broken_keys_file_is_no_start(tmp_path: Path, content: bytes) -> None:
    conf = seed(tmp_path)
    write(conf / "topic_keys.json", content)
    with pytest.raises(ConfigurationError) as caught:
        await policy(conf)
    assert {each.file for each in caught.value.findings if each.severity == "error"} == {"topic_keys.json"}


async def test_keys_of_unknown_topics_are_warnings_and_bad_ones_take_the_topic_out(tmp_path: Path) -> None:
    conf = seed(tmp_path)
    write(conf / "topic_keys.json", {"public.cps.za.run": "a", "public.cps.za.test": 5})
    found, wrong = await policy(conf)
    assert list(found.broken) == ["public.cps.za.test"]
    assert ("warning", "did you mean public.cps.za.runs?") in {(each.severity, each.hint) for each in wrong}


@pytest.mark.parametrize(
    ("field", "pointer"),
    [("job_id", "/job_id"), ("/a/b", "/a/b"), ("a/b", "/a~1b"), ("a~b", "/a~0b"), ("", None), (5, None), ("/~", None)],
)
def test_a_key_is_a_member_or_a_pointer(field: object, pointer: str | None) -> None:
    assert key_pointer(field) == pointer


@pytest.mark.parametrize(
    ("file", "topic"),
    [
        ("topic_schemas/runs.json", "public.cps.za.runs"),
        ("topic_schemas/status_change.json", "public.cps.za.status_change"),
        ("topic_dlchange.json", "public.cps.za.dlchange"),
        ("topic_schemas/topic_x.json", "topic_x"),
        ("topic_Orders.json", "orders"),
    ],
)
def test_old_file_names_stand_for_topics(file: str, topic: str) -> None:
    assert topic_of(file) == topic


def test_only_the_flat_keys_make_it_flat() -> None:
    assert is_flat({"event_bus_arn": ""})
    assert not is_flat({"token_public_keys_url": "x", "access_config": "y", "ssl_ca_bundle": True})


async def test_every_kerberos_and_certificate_key_is_known(tmp_path: Path) -> None:
    config = {
        "kafka_bootstrap_server": "b:9092",
        "kafka_sasl_kerberos_principal": "p",
        "kafka_sasl_kerberos_keytab_path": "k",
        "kafka_ssl_ca_path": "c",
        "kafka_ssl_cert_path": "c",
        "kafka_ssl_key_path": "c",
        "kafka_ssl_key_password": "s3cret",
    }
    found = await findings(seed(tmp_path, config=config))
    assert {(severity, place) for severity, _, place, _ in found} == {("error", "/kafka_bootstrap_server")}
    assert "s3cret" not in str(found)


async def test_a_missing_file_of_keys_is_no_start_and_blamed_on_who_names_it(tmp_path: Path) -> None:
    conf = seed(tmp_path, config={"topic_keys_config": "conf/absent.json"})
    with pytest.raises(ConfigurationError) as caught:
        await policy(conf)
    (wrong,) = [each for each in caught.value.findings if each.severity == "error"]
    assert (wrong.file, wrong.pointer, wrong.message) == ("config.json", "/topic_keys_config", "there is no such file")


async def test_a_missing_keys_address_is_named_as_it_would_be_written_there(tmp_path: Path) -> None:
    conf = seed(tmp_path)
    config = {name: value for name, value in FLAT.items() if name != "token_public_keys_url"}
    write(conf / "config.json", config)
    assert ("error", "config.json", "", "`token_public_key_url` is missing") in await findings(conf)
    write(conf / "config.json", config | {"token_public_keys_url": ""})
    assert ("error", "config.json", "", "`token_public_keys_url` is missing") in await findings(conf)


@pytest.mark.parametrize("place", ["certs/ca.pem", "conf/certs/ca.pem", "etc/ca.pem"])
async def test_files_of_kafka_are_found_from_the_directory_then_from_its_parent(tmp_path: Path, place: str) -> None:
    conf = seed(tmp_path, config={"kafka_bootstrap_server": "b:9092", "kafka_ssl_ca_path": place})
    write((conf if place.startswith("certs") else tmp_path) / place, "")
    writer = (await load_configuration(str(conf), {})).writers["kafka"]
    assert isinstance(writer.settings, KafkaSettings)
    assert (conf / str(writer.settings.config["ssl.ca.location"])).exists()


async def test_a_topic_without_a_key_has_the_empty_one(tmp_path: Path) -> None:
    """As its consumers know it; topics of other configurations have none."""
    found, _ = await policy(seed(tmp_path))
    topics = found.topics.values()
    assert [partition_key(each, {"job_id": "j"}) for each in topics] == ["", "j", ""]
    todays, _ = await policy(make(tmp_path / "today"))
    assert partition_key(todays.topics["orders"], {}) is None


async def test_variables_of_the_first_gate_have_no_effect_on_todays_form(tmp_path: Path) -> None:
    env = {"POSTGRES_SECRET_NAME": "db", "POSTGRES_SECRET_REGION": "eu-west-1", "KAFKA_FLUSH_TIMEOUT": "7"}
    found = (await load_configuration(str(make(tmp_path)), env)).findings
    assert [(each.severity, each.file, each.message.split()[0]) for each in found] == [
        ("warning", "environment", "POSTGRES_SECRET_NAME"),
        ("warning", "environment", "POSTGRES_SECRET_REGION"),
        ("warning", "environment", "KAFKA_FLUSH_TIMEOUT"),
    ]
