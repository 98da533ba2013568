"""The bound on what an event may take: never too low, and not so high that ordinary events were judged elsewhere."""

from __future__ import annotations

import time
from typing import Any

import pytest

from eventgate.core import json
from eventgate.core.schema.weight import weight_of
from eventgate.core.topics import MOMENT_SECONDS, compile_schema
from tests.core.schema.schema_support import compiled, text_of
from tests.project.sources import ROOT

SLOWER = 10
"""How much slower than the machine on which costs were measured this one may be."""


def nested(value: Any, depth: int) -> Any:
    return value if not depth else [nested(value, depth - 1)]


@pytest.mark.parametrize(
    ("schema", "event"),
    [
        ({"items": {"anyOf": [{"const": each} for each in range(300)]}}, [299] * 2000),
        ({"items": {"anyOf": [{"const": f"a{each}"} for each in range(300)]}}, ["a299"] * 2000),
        ({"items": {"allOf": [{"minimum": -each} for each in range(300)]}}, [1] * 2000),
        ({"items": {"enum": [{"a": each} for each in range(15)]}}, [{"a": 14}] * 2000),
        ({"items": {"enum": [{"a": each} for each in range(500)]}}, [{"a": 1}] * 5000),
        ({"items": {"multipleOf": 1e-300}}, [7] * 10_000),
        ({"uniqueItems": True, "items": {"$ref": "#"}}, nested(list(range(2000)), 50)),
        ({"uniqueItems": True}, list(range(20_000))),
        (
            {"patternProperties": {f"[x-z]{each}z": True for each in range(300)}, "additionalProperties": True},
            {f"a{each}": 1 for each in range(2000)},
        ),
        ({"patternProperties": {f"^a{each}": {"type": "integer"} for each in range(300)}}, {"a": 1, "a1": 1}),
        ({"propertyNames": {"anyOf": [{"const": f"a{each}"} for each in range(300)]}}, {"a299": 1, "a298": 1}),
        ({"allOf": [{"contains": {"const": -each}, "minContains": 0} for each in range(100)]}, [1] * 1000),
        ({"items": {"pattern": "a\\w{0,900}[A-Z]"}}, ["ab" * 2000, "ba" * 2000]),
        ({"items": {"pattern": "^(x{1,30}){1,30}y"}}, ["x" * 1000] * 20),
        (
            {"items": {"dependentRequired": {f"a{n}": [f"a{m}" for m in range(50)] for n in range(50)}}},
            [{f"a{each}": 1 for each in range(50)}] * 50,
        ),
        (
            {"items": {"properties": {"a": {"allOf": [{"type": "integer"}] * 200}}, "unevaluatedProperties": False}},
            [{"a": 1}] * 1000,
        ),
        ({"allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}, nested([1] * 5000, 50)),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"allOf": [{"minimum": 1}] * 2000}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_judging_takes_no_longer_than_is_said_of_it(schema: Any, event: Any) -> None:
    """In time of the processor; what the bound forgot would make it many times as much."""
    made = compiled(schema)
    body = text_of(event)
    document = json.parse(body, 100)
    started = time.thread_time()
    made.accepts(document)
    spent = time.thread_time() - started
    assert spent < SLOWER * weight_of(made.graph).seconds(len(body)) + 0.02


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"v": {"type": "integer"}, "sub": {"type": "array", "items": {"$ref": "#"}}}},
        {"anyOf": [{"type": "string"}, {"items": {"$ref": "#"}}, {"additionalProperties": {"$ref": "#"}}]},
        {"properties": {"code": {"enum": [f"c{each}" for each in range(5000)]}}},
        {"properties": {"code": {"oneOf": [{"const": f"c{each}"} for each in range(1000)]}}},
        {"properties": {f"p{each}": {"type": "string", "maxLength": 9} for each in range(500)}},
        {"items": {"properties": {"sku": {"pattern": "^[A-Z]{2}-[0-9]{4}$"}, "qty": {"minimum": 1}}}},
        {"properties": {"lines": {"items": {"properties": {"amount": {"multipleOf": 0.01}}}}}},
        {"properties": {"text": {"pattern": "^.{1,1000}$"}}},
    ],
    ids=lambda value: str(value)[:50],
)
def test_events_of_ordinary_schemas_are_judged_at_once_up_to_50_kb(schema: Any) -> None:
    """Recursion, long lists to choose from, many members, amounts: all at their place."""
    assert compiled(schema).light_bytes >= 50_000


@pytest.mark.parametrize("topic", ["runs", "test", "dlchange", "status_change"])
def test_events_of_the_data_lake_are_judged_and_explained_at_once(topic: str) -> None:
    path = ROOT / "examples/data-lake/topics" / f"public.cps.za.{topic}.json"
    schema = compile_schema(path.read_bytes(), uri=path.name, resources={})
    assert schema.light_bytes > 100_000
    assert schema.explained_bytes > 32 * 1024


def test_a_megabyte_against_a_slow_schema_is_never_judged_at_once() -> None:
    for schema in (
        {"items": {"anyOf": [{"const": each} for each in range(20)]}},
        {"patternProperties": {f"x{each}": True for each in range(20)}},
        {"uniqueItems": True},
        {"items": {"pattern": "(a|b)*a(a|b){100}c"}},
        {"allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]},
    ):
        assert compiled(schema).light_bytes < 1024 * 1024


def test_what_is_too_much_for_any_event_is_said_of_all() -> None:
    """Thousands of schemas are not compiled to explain anything at once."""
    many = compiled({"properties": {f"p{each}": {"anyOf": [True, False]} for each in range(1000)}})
    assert many.explained_bytes == -1
    assert weight_of(many.graph).bytes_within(0) == -1
    assert weight_of(many.graph).seconds(many.light_bytes) <= MOMENT_SECONDS
