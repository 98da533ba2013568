"""config.json: every finding at once, each with its place and a hint; every setting described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.config.published import config_schema
from eventgate.config.settings import Settings, TopicSettings, parse_settings
from eventgate.config.shape import struct_schema

URL = {"token_public_keys_url": "https://sso.example/keys"}


def test_only_the_keys_address_is_needed() -> None:
    settings, findings = parse_settings(dict(URL), "config.json")
    assert findings == ()
    assert settings is not None
    assert (settings.access_config, settings.topics, settings.writers) == ("access.json", "topics/", {})
    assert (settings.refresh_seconds, settings.allow_empty, settings.ssl_ca_bundle) == (60, False, True)
    assert settings.ledger.retain_days == 30
    assert settings.validation.assert_formats


def test_schema_and_comment_may_hold_anything() -> None:
    settings, findings = parse_settings({**URL, "$schema": 5, "$comment": [{}]}, "config.json")
    assert settings is not None
    assert findings == ()


def test_the_complete_example_has_the_right_shape() -> None:
    _, findings = parse_settings(
        {
            "access_config": "access.json",
            "topics": "topics/",
            "token_provider_url": "https://sso.example/login",
            **URL,
            "auth": {
                "algorithms": ["RS256"],
                "issuer": None,
                "audience": None,
                "leeway_seconds": 30,
                "max_lifetime_seconds": 86400,
                "fold_subject_case": False,
                "refresh_seconds": 900,
                "max_key_age_seconds": 86400,
            },
            "writers": {"kafka_dr": {"type": "kafka", "bootstrap_servers": "dr:9092"}},
            "limits": {
                "max_body_bytes": 1048576,
                "max_batch_bytes": 4194304,
                "max_batch_events": 1000,
                "max_depth": 64,
                "request_timeout_seconds": 10,
                "max_in_flight": 1024,
                "drain_seconds": 20,
                "requests_per_second_per_subject": None,
            },
            "validation": {"assert_formats": True},
            "receipts": {"active": "k", "keys": {"k": "secret"}, "ttl_seconds": 86400},
            "ledger": {"retain_days": 30},
            "spool": {
                "store": "sqlite:spool.db",
                "max_age_seconds": 86400,
                "max_events": 1000000,
                "on_invalid": "drop",
            },
            "terminate": {"subjects": []},
            "cors": {"origins": []},
            "ssl_ca_bundle": True,
            "refresh_seconds": 60,
        },
        "config.json",
    )
    assert findings == ()


def test_all_findings_come_at_once_with_place_and_hint() -> None:
    _, findings = parse_settings(
        {
            "acess_config": "a.json",
            "limits": {"max_body": 5, "max_depth": 0, "drain_seconds": "20"},
            "auth": {"algorithms": ["HS256", "RS265"]},
            "ssl_ca_bundle": 5,
            "cors": {"origins": [5]},
        },
        "config.json",
    )
    assert {(each.pointer, each.message, each.hint) for each in findings} == {
        ("", "`token_public_keys_url` is missing", None),
        ("/acess_config", "unknown key", "did you mean access_config?"),
        ("/auth/algorithms/0", f"must be one of {_algorithms()}", "did you mean RS256?"),
        ("/auth/algorithms/1", f"must be one of {_algorithms()}", "did you mean RS256?"),
        ("/cors/origins/0", "must be a string, not a number", None),
        ("/limits/drain_seconds", "must be a number, not a string", None),
        ("/limits/max_body", "unknown key", "did you mean max_body_bytes?"),
        ("/limits/max_depth", "must be at least 1", None),
        ("/ssl_ca_bundle", "must be a boolean or a string, not a number", None),
    }
    assert {each.file for each in findings} == {"config.json"}


def _algorithms() -> str:
    return "ES256, ES384, ES512, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512"


@pytest.mark.parametrize(
    ("raw", "pointer", "message"),
    [
        ({"receipts": {"active": "a"}}, "/receipts", "`keys` is missing"),
        ({"receipts": 5}, "/receipts", "must be an object or null, not a number"),
        ({"spool": {"store": "", "max_events": 0.5}}, "/spool/max_events", "must be an integer, not a number"),
        ({"auth": {"audience": [5]}}, "/auth/audience/0", "must be a string, not a number"),
        ({"auth": {"audience": []}}, "/auth/audience", "must have at least 1 entries"),
        ({"refresh_seconds": 0}, "/refresh_seconds", "must be more than 0"),
        ({"limits": {"max_body_bytes": 1.0}}, "", "must be int, not float - at limits.max_body_bytes"),
        ({"writers": []}, "/writers", "must be an object, not an array"),
        ({"writers": {"a": None}}, "/writers/a", "must be an object, not null"),
        ({"allow_empty": "yes"}, "/allow_empty", "must be a boolean, not a string"),
        ({"topics": ["a"]}, "/topics", "must be a string or an object, not an array"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(raw: dict[str, Any], pointer: str, message: str) -> None:
    settings, findings = parse_settings({**URL, **raw}, "config.json")
    assert settings is None
    assert (pointer, message) in {(each.pointer, each.message) for each in findings}


@pytest.mark.parametrize("raw", [None, [], "text", 5])
def test_a_document_that_is_no_object_is_one_finding(raw: object) -> None:
    _, findings = parse_settings(raw, "config.json")
    assert [each.message for each in findings] == ["must be a JSON object"]


def test_findings_never_hold_a_value() -> None:
    _, findings = parse_settings({**URL, "limits": {"max_depth": "hunter2"}, "topics": ["hunter2"]}, "config.json")
    assert findings
    assert "hunter2" not in "".join(map(str, findings))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(Settings.__struct_fields__) | st.text(), _JSON, max_size=6))
def test_any_document_is_settings_or_findings_never_an_exception(raw: dict[str, Any]) -> None:
    settings, findings = parse_settings(raw, "config.json")
    assert (settings is None) == bool(findings)


@pytest.mark.parametrize("type_", [Settings, TopicSettings])
def test_every_setting_has_a_description(type_: Any) -> None:
    undescribed = [
        f"{name}.{key}"
        for name, definition in struct_schema(type_)["$defs"].items()
        for key, schema in definition["properties"].items()
        if not _described(schema)
    ]
    assert undescribed == []


def _described(schema: dict[str, Any]) -> bool:
    return "description" in schema or any("description" in choice for choice in schema.get("anyOf", ()))


def test_the_published_schema_is_valid_and_knows_the_writers() -> None:
    schema = config_schema()
    jsonschema_rs.meta.validate(schema)
    assert _complaints(schema, {"sqlite": {"path": "a.db"}, "b": {"type": "discard"}}) == []
    assert _complaints(schema, {"sqlite": {"paht": "a.db"}}) == [["writers", "sqlite"]]
    assert _complaints(schema, {"b": {"type": "sqlite", "paht": "a.db"}}) == [["writers", "b"]]
    assert _complaints(schema, {"sqlite": {"type": "discard", "path": "a.db"}}) == [["writers", "sqlite"]]
    assert _complaints(schema, {"b": {}}) == [["writers", "b"]]
    assert _complaints(schema, {"b": {"type": "nothing"}}) == [["writers", "b", "type"]]


def test_the_published_schema_knows_topics_and_annotations() -> None:
    schema = config_schema()
    topics = {"a": {"schema": True, "writers": {"discard": {"required": False}}}, "b": {"evnt_id": "/a"}}
    config = {**URL, "$schema": "x", "$comment": 5, "topics": topics}
    assert [error.instance_path for error in _errors(schema, config)] == [["topics"]]
    del topics["b"]
    assert list(_errors(schema, config)) == []


def _complaints(schema: dict[str, Any], writers: dict[str, Any]) -> list[list[str | int]]:
    return [error.instance_path for error in _errors(schema, {**URL, "writers": writers})]


def _errors(schema: dict[str, Any], document: Any) -> Iterator[Any]:
    return iter(jsonschema_rs.validator_for(schema).iter_errors(document))
