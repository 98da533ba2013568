"""Schemas are read strictly, and judge as their draft says."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from eventgate.core.pointer import Pointer
from eventgate.core.topics import Topic
from tests.core.schema.schema_support import DRAFTS, compiled, problems, refusal, refused, takes


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_schema_follows_the_draft_it_names(draft: str) -> None:
    made = compiled({"$schema": DRAFTS[draft], "type": "string"})
    assert made.draft == draft
    assert takes(made, "x")
    assert not takes(made, 1)


def test_a_schema_that_names_no_draft_is_2020_12() -> None:
    made = compiled({"prefixItems": [{"type": "string"}]})
    assert made.draft == "2020-12"
    assert not takes(made, [1])


@pytest.mark.parametrize(
    "named", ["https://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#"]
)
def test_a_draft_may_be_named_with_or_without_fragment_and_encryption(named: str) -> None:
    assert compiled({"$schema": named}).draft == "7"


@pytest.mark.parametrize(
    "named",
    ["http://json-schema.org/draft-03/schema#", "https://example.com/meta", "http://json-schema.org/schema#", 7],
)
def test_a_draft_that_is_not_known_is_refused(named: Any) -> None:
    assert refusal({"$schema": named}).pointer == "/$schema"


@pytest.mark.parametrize("document", [True, False])
def test_a_schema_may_be_a_boolean(document: bool) -> None:
    assert takes(compiled(document), {"a": 1}) is document


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"minimum": NaN}',
        b'{"minimum": 1e999}',
        b'{"type": "string", "type": "integer"}',
        b'{"properties": {"a": {"x": 1, "x": 1}}}',
        b'{"const": "\\ud800"}',
        b'{"not": ' * 300 + b"{}" + b"}" * 300,
    ],
)
def test_a_schema_that_is_not_one_strict_json_document_is_refused(text: bytes) -> None:
    refusal(text)


def test_text_and_document_are_kept_as_written() -> None:
    made = compiled(b' {"title" : "x"}\n')
    assert made.text == b' {"title" : "x"}\n'
    assert made.document == {"title": "x"}


@pytest.mark.parametrize(
    ("schema", "pointer", "text"),
    [
        ({"properties": {"a": {"minLength": -1}}}, "/properties/a/minLength", '"minLength" must be at least 0'),
        ({"required": "a"}, "/required", '"required" must be an array'),
        ({"multipleOf": 0}, "/multipleOf", '"multipleOf" must be greater than 0'),
        ({"properties": {"a": {"type": "strin"}}}, "/properties/a/type", '"type" has a value'),
        ({"properties": {"a": []}}, "/properties/a", "must be"),
        ({"$schema": DRAFTS["4"], "exclusiveMinimum": True}, "", 'the schema needs "minimum"'),
    ],
)
def test_what_the_meta_schema_refuses_is_named_with_its_place(schema: Any, pointer: str, text: str) -> None:
    error = refusal(schema)
    assert error.pointer == pointer
    assert text in str(error)


@pytest.mark.parametrize("draft", DRAFTS)
def test_formats_are_asserted_unless_switched_off(draft: str) -> None:
    schema = {"$schema": DRAFTS[draft], "format": "date-time"}
    assert not takes(compiled(schema), "yesterday")
    assert takes(compiled(schema, assert_formats=False), "yesterday")


def test_integers_of_any_size_and_decimals_are_judged_exactly() -> None:
    assert takes(compiled(b'{"maximum": 100000000000000000000000000000}'), 10**29)
    assert not takes(compiled(b'{"maximum": 100000000000000000000000000000}'), 10**29 + 1)
    assert takes(compiled({"multipleOf": 0.01}), 19.99)


LONG = {"items": {"type": "string"}}


def test_small_events_are_told_every_problem() -> None:
    error = refused(LONG, [1] * 100)
    assert len(error.problems) == 100
    assert not error.truncated


def test_more_than_a_hundred_problems_are_cut_off() -> None:
    error = refused(LONG, [1] * 101)
    assert len(error.problems) == 100
    assert error.truncated


def test_large_events_are_told_the_first_problem() -> None:
    assert len(refused(LONG, [1, 1], size=32 * 1024).problems) == 2
    error = refused(LONG, [1, 1], size=32 * 1024 + 1)
    assert [problem.pointer for problem in error.problems] == ["/0"]
    assert error.truncated


def test_a_problem_is_told_once() -> None:
    assert len(problems({"allOf": [{"type": "string"}] * 3}, 1)) == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"allOf": [{"type": "string"}] * 20}},
        {"items": {"anyOf": [{"type": "string"}] * 20}},
        {"anyOf": [{"items": {"type": "string"}}] * 20},
        {"oneOf": [{"items": {"enum": [f"v{i}" for i in range(200)]}}] * 5},
        {"contains": {"type": "string"}},
    ],
)
def test_saying_no_is_quick_however_much_is_wrong(schema: dict[str, Any]) -> None:
    """The library's own list of these errors takes seconds for 32 KiB and minutes for 1 MiB."""
    made = compiled(schema)
    for items in (16_000, 500_000):
        started = time.thread_time()
        refused(made, [1] * items, size=2 * items)
        assert time.thread_time() - started < 1


def test_events_nested_to_the_largest_depth_are_explained() -> None:
    document: Any = 1
    for _ in range(512):
        document = [document]
    (problem,) = problems({"items": {"$ref": "#"}, "type": "array"}, document)
    assert problem.pointer == "/0" * 512


def test_no_problem_holds_a_value_or_an_undeclared_name_of_the_event() -> None:
    secret = "s3cret"
    schema = {
        "type": "object",
        "properties": {"a": {"enum": ["x"]}, "b": {"pattern": "^x"}, "c": {"const": 1}, "d": {"format": "uuid"}},
        "patternProperties": {"^s3": {"type": "integer"}},
        "additionalProperties": {"type": "integer"},
        "propertyNames": {"maxLength": 3},
        "anyOf": [{"required": ["z"]}, {"additionalProperties": False}],
        "not": {"required": ["a"]},
    }
    event = {**dict.fromkeys("abcd", secret), secret: secret, "q" + secret: {secret: [secret]}}
    found = problems(schema, event)
    assert len(found) >= 8
    assert secret not in json.dumps([(p.message, p.pointer, p.keyword, p.property) for p in found])
    assert "/*" in {problem.pointer for problem in found}


def test_a_topic_is_only_its_name_and_schema_unless_more_is_said() -> None:
    topic = Topic(name="runs", schema=compiled(True), event_id=Pointer("/id"))
    assert (topic.key, topic.guard, topic.timeout_seconds, dict(topic.uses)) == (None, None, None, {})
