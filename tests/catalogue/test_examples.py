"""Examples: whatever the schema, what is shown passes; it is found where there is one, and the search ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventgate.catalogue.examples.budget import Budget, SpentError
from eventgate.catalogue.examples.example import Examples, examples
from eventgate.core.pointer import Pointer
from eventgate.core.topics import Topic
from tests.catalogue.example_schemas import SCHEMAS
from tests.core.schema.schema_support import compiled
from tests.core.schema.test_property import EVENTS, ROOTS

ROOT = Path(__file__).parents[2]
TOPICS = [
    *sorted((ROOT / "src/eventgate/dev/template/topics").glob("*.json")),
    *sorted((ROOT / "examples/data-lake/topics").glob("public.*.json")),
]
SIMPLE = [{}, [], None, 1, -1, "x", True, 2.5, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}, [1]]


def found(schema: Any, event_id: str | None = None, **options: int) -> Examples:
    pointer = None if event_id is None else Pointer(event_id)
    return examples(Topic(name="t", schema=compiled(schema), event_id=pointer), **options)


def both(schema: Any, event_id: str | None = None) -> tuple[Any, Any]:
    """The minimal and the full example."""
    shown = found(schema, event_id)
    assert shown.minimal is not None
    assert shown.full is not None
    return json.loads(shown.minimal), json.loads(shown.full)


@pytest.mark.parametrize("name", SCHEMAS)
def test_there_are_examples_and_they_match(name: str) -> None:
    schema = SCHEMAS[name]
    judge = jsonschema_rs.validator_for(schema, validate_formats=True)
    for example in both(schema):
        assert judge.is_valid(example), example


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ROOTS, st.lists(EVENTS, min_size=8, max_size=8))
def test_what_is_shown_matches_and_is_found_where_an_event_is_known(root: Any, events: list[Any]) -> None:
    shown = found(root)
    judge = jsonschema_rs.validator_for(root)
    for text in (shown.minimal, shown.full):
        assert text is None or judge.is_valid(json.loads(text))
    assert shown.minimal is not None or not any(judge.is_valid(event) for event in [*events, *SIMPLE])


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_the_projects_own_topics_have_examples(path: Path) -> None:
    schema = json.loads(path.read_bytes())
    minimal, full = both(schema, "/event_id")
    assert jsonschema_rs.is_valid(schema, minimal, validate_formats=True)
    assert jsonschema_rs.is_valid(schema, full, validate_formats=True)
    assert set(schema["required"]) <= set(minimal) <= set(full)
    assert {"event_id", *schema["properties"]} - set(full) <= {"event_id"}


def test_the_same_schema_always_has_the_same_examples() -> None:
    schema = json.loads(TOPICS[0].read_bytes())
    assert found(schema) == found(schema)


def test_another_start_gives_other_events() -> None:
    schema = json.loads(TOPICS[0].read_bytes())
    texts = {found(schema, start=start).full for start in range(5)}
    assert len(texts) == 5
    assert all(jsonschema_rs.is_valid(schema, json.loads(text or b"")) for text in texts)


def test_examples_read_well() -> None:
    names = {"order_id": "^[A-Z]{2}-[0-9]{4}$", "currency": "^[A-Z]{3}$"}
    properties = {
        **{name: {"type": "string", "pattern": pattern} for name, pattern in names.items()},
        "customerName": {"type": "string"},
        "placed_at": {"type": "string", "format": "date-time"},
        "price": {"type": "number", "minimum": 0},
        "timestamp_start": {"type": "integer"},
        "timestamp_end": {"type": "integer"},
        "tenant_id": {"type": "string"},
        "note": {"type": ["null", "string"]},
    }
    assert both({"type": "object", "properties": properties})[1] == {
        "order_id": "AB-1234",
        "currency": "EUR",
        "customerName": "Ada Lovelace",
        "placed_at": "2026-01-01T09:30:00Z",
        "price": 19.99,
        "timestamp_start": 1767225600000,
        "timestamp_end": 1767229200000,
        "tenant_id": "tenant-1001",
        "note": "Example note",
    }


def test_what_the_author_gives_as_an_example_is_taken() -> None:
    order = {"n": 5, "extra": [1]}
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"default": 3}}, "examples": [{}, order]}
    assert both(schema) == ({"n": 3}, order)


def test_the_events_id_is_filled_in_though_it_may_be_left_out() -> None:
    schema = {"type": "object", "properties": {"meta": {"type": "object", "properties": {"id": {}}}, "x": {}}}
    minimal, _ = both(schema, "/meta/id")
    assert list(minimal) == ["meta"]
    assert len(minimal["meta"]["id"]) == 36


def test_an_id_that_no_gate_takes_is_not_shown() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "boolean"}}}
    assert found(schema, "/id") == Examples(None, None)
    assert found(schema).minimal is not None


def test_a_member_that_would_go_on_for_ever_is_left_out() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "leaves": {"items": {"$ref": "#"}}, "n": {}}}
    expected = {"leaves": [], "n": "Example n"}
    assert both({"type": "object", "properties": {"tree": tree}})[1] == {"tree": expected}


def test_what_is_deprecated_is_left_out() -> None:
    assert both(SCHEMAS["2020-12: deprecated"])[1] == {"new": "Example new"}


HOPELESS: dict[str, Any] = {
    "nothing": False,
    "contradiction": {"type": "string", "enum": [1]},
    "for ever": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
    "branching for ever": {"type": "array", "minItems": 2, "items": {"$ref": "#"}},
    "very long": {"type": "string", "minLength": 10**9},
    "very many": {"type": "array", "minItems": 10**9},
    "very many members": {"type": "object", "minProperties": 10**9},
    "a large pattern": {"type": "string", "pattern": "^(?:[a-z]{500}){90}$"},
    "not enough values": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
    "choices without end": {
        "type": "string",
        "maxLength": 2,
        "allOf": [{"anyOf": [{"pattern": f"a{n}"}, {"pattern": f"b{n}"}]} for n in range(30)],
    },
    "no value among many": {"type": "string", "enum": [{"x": n} for n in range(5000)]},
    "doubling": {
        "$defs": {"18": {}, **{str(n): {"required": ["l", "r"], "properties": {}} for n in range(18)}},
        "$ref": "#/$defs/0",
        "type": "object",
        "not": {},
    },
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_search_without_hope_ends_and_says_that_it_found_nothing(name: str) -> None:
    assert found(HOPELESS[name]) == Examples(None, None)


def test_a_schema_with_thousands_of_members_has_an_example_with_some_of_them() -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(3000)}, "required": ["p7"]}
    minimal, full = both(schema)
    assert list(minimal) == ["p7"]
    assert 100 < len(full) <= 501


def test_an_event_as_deep_as_the_gate_takes_is_found() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(60):
        schema = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    assert found(schema).minimal is not None
    assert found(schema, max_depth=50).minimal is None


def test_a_search_ends_when_its_steps_or_its_time_are_spent() -> None:
    budget = Budget(until=10.0, steps=2, now=lambda: 5.0)
    budget.take(2)
    with pytest.raises(SpentError):
        budget.take()
    with pytest.raises(SpentError):
        Budget(until=10.0, now=lambda: 11.0).take()
