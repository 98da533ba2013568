"""The flat configuration of the first EventGate works as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventgate.config.loader import load_configuration
from eventgate.config.seed import is_flat, key_pointer, topic_of
from eventgate.core.judging import partition_key
from eventgate.writers.kafka.settings import KafkaSettings
from tests.config.directories import SCHEMA, make, write
from tests.config.flat import policy, seed


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


async def test_the_older_name_of_the_keys_address_counts(tmp_path: Path) -> None:
    config = {"token_public_keys_url": "", "token_public_key_url": "https://sso.example/key"}
    configuration = await load_configuration(str(seed(tmp_path, config=config)), {})
    assert configuration.settings.token_public_keys_url == "https://sso.example/key"


async def test_other_stems_stand_for_themselves_and_the_keys_file_is_no_topic(tmp_path: Path) -> None:
    conf = seed(tmp_path)
    write(conf / "topic_schemas/Orders.json", SCHEMA)
    write(conf / "topic_payments.json", SCHEMA)
    found, _ = await policy(conf)
    assert {"orders", "payments"} < set(found.topics)
    assert "keys" not in found.topics


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
