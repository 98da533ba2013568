"""What is wrong with a flat configuration is said in its own terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.config.loader import load_configuration
from eventgate.errors import ConfigurationError
from tests.config.directories import make, write
from tests.config.flat import FLAT, findings, policy, seed


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


async def test_variables_of_the_first_gate_have_no_effect_on_todays_form(tmp_path: Path) -> None:
    env = {"POSTGRES_SECRET_NAME": "db", "POSTGRES_SECRET_REGION": "eu-west-1", "KAFKA_FLUSH_TIMEOUT": "7"}
    found = (await load_configuration(str(make(tmp_path)), env)).findings
    assert [(each.severity, each.file, each.message.split()[0]) for each in found] == [
        ("warning", "environment", "POSTGRES_SECRET_NAME"),
        ("warning", "environment", "POSTGRES_SECRET_REGION"),
        ("warning", "environment", "KAFKA_FLUSH_TIMEOUT"),
    ]
