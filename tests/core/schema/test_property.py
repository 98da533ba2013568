"""Whatever the schema and the event: one judgement, always explained, described the same, and nothing given away."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from eventgate.core.openapi.document import openapi
from eventgate.core.pointer import Pointer
from eventgate.core.topics import CompiledSchema, Topic
from eventgate.errors import InvalidEvent, Problem
from tests.core.schema.schema_support import DRAFTS, compiled

SECRET = "zq7"
NAMES = st.sampled_from(["a", "b", SECRET])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([SECRET, "x", 2.5])
EVENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DECLARED = st.sampled_from(["a", "b"])


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(DECLARED, inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "z"]), inner, max_size=1),
            "additionalProperties": inner,
            "required": st.lists(DECLARED, min_size=1, max_size=2, unique=True),
            "dependencies": st.dictionaries(DECLARED, st.just(["a"]) | inner, max_size=1),
            "minProperties": st.integers(0, 2),
        },
    )


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {}, optional={"items": inner, "maxItems": st.integers(0, 2), "uniqueItems": st.booleans()}
    )


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=2)
    return st.fixed_dictionaries({}, optional={"allOf": some, "anyOf": some, "oneOf": some, "not": inner})


def later(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "const": SCALARS.filter(lambda value: value != SECRET),
            "contains": inner,
            "propertyNames": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "unevaluatedProperties": inner,
        },
    )


LEAVES: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["integer", "string", "object", "array", "null"]),
        "enum": st.just([1, "x", None]),
        "minimum": st.integers(-2, 2),
        "minLength": st.integers(0, 3),
    },
) | st.sampled_from([{}, {"not": {}}])
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner), arrays(inner), combined(inner), later(inner), st.just({"$ref": "#/definitions/d"})
    ),
    max_leaves=10,
)
ROOTS = st.builds(
    lambda draft, schema, definition: {"$schema": DRAFTS[draft], "allOf": [schema], "definitions": {"d": definition}},
    st.sampled_from([*DRAFTS]),
    SCHEMAS,
    LEAVES,
)


def judgement(schema: CompiledSchema, event: Any) -> tuple[Problem, ...]:
    try:
        schema.check(event, 1000)
    except InvalidEvent as error:
        return error.problems or (Problem("unexplained", ""),)
    return ()


@settings(max_examples=300, deadline=None)
@given(ROOTS, EVENTS)
def test_an_event_is_refused_exactly_if_the_library_refuses_it_and_always_with_reasons(root: Any, event: Any) -> None:
    found = judgement(compiled(root), event)
    assert (found == ()) == jsonschema_rs.is_valid(root, event)
    assert SECRET not in str(found)
    for problem in found:
        assert problem.keyword is not None
        assert problem.keyword in json.dumps(root)
        Pointer(problem.pointer or "")


@settings(max_examples=50, deadline=None)
@given(ROOTS, EVENTS)
def test_a_schema_that_is_compiled_from_its_source_again_judges_as_before(root: Any, event: Any) -> None:
    schema = compiled(root)
    assert judgement(schema.source.compiled(), event) == judgement(schema, event)
    assert schema.light_bytes >= schema.explained_bytes


@settings(max_examples=150, deadline=None)
@given(ROOTS, st.lists(EVENTS, max_size=4))
def test_the_description_judges_as_the_topic_does(root: Any, events: list[Any]) -> None:
    schema = compiled(root)
    document = json.loads(openapi([Topic(name="t", schema=schema)], token_url=False, version="v1"))
    judge = jsonschema_rs.validator_for({"$ref": "#/components/schemas/t", "components": document["components"]})
    for event in events:
        assert judge.is_valid(event) == (judgement(schema, event) == ())
