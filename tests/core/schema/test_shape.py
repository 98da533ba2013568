"""What a schema is refused or limited for when it is loaded."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.core.schema.schema_support import DRAFTS, compiled, refusal, refused, takes

SELF = {"$ref": "#"}


def nested(levels: int, leaf: Any) -> Any:
    for _ in range(levels):
        leaf = {"c": leaf}
    return leaf


def chain(levels: int, step: Any) -> dict[str, Any]:
    """A schema of `levels` definitions, each made by `step` from a reference to the next."""
    definitions = {f"n{i}": step({"$ref": f"#/$defs/n{i + 1}"}) for i in range(levels)}
    return {"$ref": "#/$defs/n0", "$defs": {**definitions, f"n{levels}": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"left": SELF, "right": SELF}},
        {"items": SELF},
        {"items": SELF, "properties": {"a": SELF}},
        {"prefixItems": [SELF, SELF], "items": SELF},
        {"properties": {"a": SELF}, "additionalProperties": SELF},
        {"properties": {"a": SELF}, "patternProperties": {"^b": SELF}},
        {"properties": {"a": SELF}, "unevaluatedProperties": SELF},
        {"allOf": [{"properties": {"a": SELF}}, {"properties": {"b": SELF}}]},
        {"$schema": DRAFTS["7"], "items": [SELF, SELF], "additionalItems": SELF},
        {"$dynamicAnchor": "n", "items": {"$dynamicRef": "#n"}},
        {"$schema": DRAFTS["2019-09"], "$recursiveAnchor": True, "items": {"$recursiveRef": "#"}},
        {"propertyNames": SELF},
    ],
)
def test_recursion_on_one_way_at_a_time_is_not_branching(schema: dict[str, Any]) -> None:
    assert not compiled(schema).branching


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"properties": {"c": SELF}}, {"properties": {"c": SELF}}]},
        {"anyOf": [{"properties": {"c": SELF}}, {"properties": {"c": SELF}}]},
        {"oneOf": [{"type": "null"}, {"items": SELF}, {"items": SELF, "minItems": 1}]},
        {"if": {"properties": {"c": SELF}}, "then": {"properties": {"c": SELF}}},
        {"not": {"properties": {"c": SELF}}, "properties": {"c": SELF}},
        {"dependentSchemas": {"x": {"properties": {"c": SELF}}}, "properties": {"c": SELF}},
        {"properties": {"c": SELF}, "patternProperties": {"^c": SELF}},
        {"patternProperties": {"^a": SELF, "b$": SELF}},
        {"allOf": [{"properties": {"c": SELF}}], "additionalProperties": SELF},
        {"allOf": [{"properties": {"c": SELF}}], "unevaluatedProperties": SELF},
        {"items": SELF, "contains": SELF},
        {"prefixItems": [SELF], "contains": SELF},
        {"$dynamicAnchor": "n", "allOf": [{"items": {"$dynamicRef": "#n"}}, {"items": {"$dynamicRef": "#n"}}]},
        {
            "$schema": DRAFTS["2019-09"],
            "$recursiveAnchor": True,
            "allOf": [{"items": {"$recursiveRef": "#"}}, {"items": {"$recursiveRef": "#"}}],
        },
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {
                    "properties": {"c": {"$ref": "#/$defs/b"}},
                    "allOf": [{"properties": {"c": {"$ref": "#/$defs/a"}}}],
                },
                "b": {"properties": {"c": {"$ref": "#/$defs/a"}}},
            },
        },
    ],
)
def test_recursion_on_two_ways_to_one_value_is_branching(schema: dict[str, Any]) -> None:
    assert compiled(schema).branching


def test_branching_is_seen_across_files() -> None:
    other = {"properties": {"c": {"$ref": "runs.json"}}}
    assert compiled({"allOf": [other, {"$ref": "other.json"}]}, files={"other.json": other}).branching


@pytest.mark.parametrize(
    "schema",
    [
        SELF,
        {"allOf": [SELF]},
        {"not": SELF},
        {"if": SELF},
        {"dependentSchemas": {"a": SELF}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{}, {"$ref": "#/$defs/a"}]}}},
        {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$schema": DRAFTS["7"], "dependencies": {"a": SELF}},
    ],
)
def test_a_schema_that_never_ends_is_refused(schema: dict[str, Any]) -> None:
    assert "never ends" in str(refusal(schema))


def test_a_circle_that_no_event_reaches_does_no_harm() -> None:
    assert takes(compiled({"type": "string", "$defs": {"a": {"$ref": "#/$defs/a"}}}), "x")


@pytest.mark.parametrize("levels", [14, 40])
@pytest.mark.parametrize(
    "step",
    [
        lambda ref: {"allOf": [ref, ref]},
        lambda ref: {"anyOf": [ref, {"not": ref}]},
        lambda ref: {"allOf": [{"properties": {"c": ref}}, {"properties": {"c": ref}}]},
        lambda ref: {"properties": {"c": ref}, "patternProperties": {".": ref}},
        lambda ref: {"items": ref, "contains": ref},
    ],
)
def test_doubling_without_recursion_is_refused(levels: int, step: Any) -> None:
    """Each level judges one value twice as often: a few hundred bytes of schema, minutes per event."""
    assert "10000 ways" in str(refusal(chain(levels, step)))


@pytest.mark.parametrize(
    "step",
    [
        lambda ref: {"properties": {"left": ref, "right": ref}},
        lambda ref: {"prefixItems": [ref, ref]},
        lambda ref: {"allOf": [ref, {"title": "x"}]},
    ],
)
def test_long_chains_that_do_not_double_are_taken(step: Any) -> None:
    compiled(chain(40, step))


TWO_WAYS = {"allOf": [{"properties": {"c": SELF, "x": {"type": "string"}}}, {"properties": {"c": SELF}}]}
ALTERNATIVES = {"anyOf": [{"properties": {"c": SELF}, "required": [name]} for name in "pq"]}


@pytest.mark.parametrize("schema", [TWO_WAYS, ALTERNATIVES])
def test_a_branching_schema_tells_the_first_problem_at_once(schema: dict[str, Any]) -> None:
    """Collecting all errors of 64 levels would outlast the universe."""
    made = compiled(schema)
    started = time.thread_time()
    error = refused(made, nested(64, {"x": 1}))
    assert time.thread_time() - started < 1
    assert error.truncated
    assert len(error.problems) == 1


def test_the_first_problem_of_a_branching_schema_has_its_place() -> None:
    (problem,) = refused(TWO_WAYS, nested(64, {"x": 1})).problems
    assert (problem.pointer, problem.keyword) == ("/c" * 64 + "/x", "type")


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"properties": {"a/b": {"pattern": "^(?=x)"}}}, "/properties/a~1b/pattern"),
        ({"items": {"pattern": r"(a)\1"}}, "/items/pattern"),
        ({"patternProperties": {"(?<!a)b": {}}}, "/patternProperties/(?<!a)b"),
    ],
)
def test_a_pattern_that_is_not_linear_is_refused_with_its_place(schema: dict[str, Any], pointer: str) -> None:
    error = refusal(schema)
    assert "linear time" in str(error)
    assert error.pointer == pointer


@pytest.mark.parametrize("pattern", ["[", "(a{1000}){1000}"])
def test_what_is_no_pattern_or_too_large_a_one_is_refused(pattern: str) -> None:
    assert refusal({"pattern": pattern}).pointer == "/pattern"
