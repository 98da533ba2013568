"""References stay inside the topics folder, and resolve there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.schema.schema_support import DRAFTS, compiled, refusal, takes

INTEGER = {"type": "integer"}
TYPES = {
    "$defs": {"whole": {"$ref": "../_numbers.json#/definitions/whole"}, "word": {"$anchor": "w", "type": "string"}}
}
NUMBERS = {"$schema": DRAFTS["7"], "definitions": {"whole": {"$id": "#whole", "type": "integer"}}}

RESOLVED: dict[str, tuple[Any, dict[str, Any]]] = {
    "a pointer": ({"$ref": "#/$defs/a", "$defs": {"a": INTEGER}}, {}),
    "a pointer with escapes": ({"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": INTEGER}}, {}),
    "a pointer into an unknown keyword": ({"$ref": "#/parts/0", "parts": [INTEGER]}, {}),
    "an anchor": ({"$ref": "#a", "$defs": {"x": {"$anchor": "a", **INTEGER}}}, {}),
    "a draft 7 anchor": (
        {"$schema": DRAFTS["7"], "allOf": [{"$ref": "#a"}], "definitions": {"x": {"$id": "#a", **INTEGER}}},
        {},
    ),
    "a draft 4 id": (
        {"$schema": DRAFTS["4"], "allOf": [{"$ref": "#a"}], "definitions": {"x": {"id": "#a", **INTEGER}}},
        {},
    ),
    "a file": ({"$ref": "common/whole.json"}, {"common/whole.json": INTEGER}),
    "a file of another draft that refers on and up": (
        {"$ref": "common/types.json#/$defs/whole"},
        {"common/types.json": TYPES, "_numbers.json": NUMBERS},
    ),
    "an anchor in a file": ({"$ref": "_numbers.json#whole"}, {"_numbers.json": NUMBERS}),
    "a file with a name beyond ASCII": ({"$ref": "ein%20%C3%BC.json"}, {"ein ü.json": INTEGER}),
    "its own file by name": ({"anyOf": [{"$ref": "runs.json#/$defs/a"}], "$defs": {"a": INTEGER}}, {}),
    "a file beside a schema that has an id elsewhere": (
        {"$id": "https://example.com/schemas/runs.json", "$ref": "common/whole.json"},
        {"common/whole.json": INTEGER},
    ),
    "a file by the id that it declares": (
        {"$ref": "https://example.com/whole"},
        {"a.json": b"{", "b.json": {"$id": "https://example.com/whole", **INTEGER}},
    ),
    "a schema inside a file by its id": (
        {"$ref": "https://example.com/inner#/$defs/whole"},
        {"b.json": {"$defs": {"i": {"$id": "https://example.com/inner", "$defs": {"whole": INTEGER}}}}},
    ),
    "relative to an inner id": (
        {
            "$id": "https://example.com/outer/",
            "$ref": "inner/a.json",
            "$defs": {
                "a": {"$id": "inner/a.json", "$ref": "b.json"},
                "b": {"$id": "inner/b.json", "$ref": "#/$defs/whole", "$defs": {"whole": INTEGER}},
            },
        },
        {},
    ),
    "beside a URN": ({"$id": "urn:example:runs", "$ref": "#/$defs/a", "$defs": {"a": INTEGER}}, {}),
    "an unambiguous dynamic anchor": (
        {"$dynamicRef": "#n", "$defs": {"a": {"$dynamicAnchor": "n", **INTEGER}}},
        {},
    ),
}


@pytest.mark.parametrize("name", RESOLVED)
def test_a_reference_leads_to_the_integer(name: str) -> None:
    schema, files = RESOLVED[name]
    made = compiled(schema, files=files)
    assert takes(made, 1)
    assert not takes(made, "x")


@pytest.mark.parametrize(
    "reference",
    [
        "missing.json",
        "../x.json",
        "%2e%2e/x.json",
        "a/../../x.json",
        "/etc/passwd",
        "//example.com/x.json",
        "http://127.0.0.1:9/x.json",
        "file:///etc/passwd",
        "https://example.com/nowhere",
        "http://[",
        "#/$defs/nothing",
        "#/allOf/00",
        "#nothing",
        "#/%ff",
    ],
)
def test_a_reference_that_leads_nowhere_is_named(reference: str) -> None:
    files = {"x.json": INTEGER, "etc/passwd": INTEGER, "b.json": {}}
    error = refusal({"properties": {"a": {"$ref": reference}}, "allOf": [{}]}, files)
    assert reference in str(error)
    assert "references stay inside the topics folder" in str(error)
    assert error.pointer == "/properties/a/$ref"


def test_a_fault_in_another_file_names_the_file_and_no_place_in_this_one() -> None:
    error = refusal({"$ref": "common/b.json"}, {"common/b.json": {"properties": {"x": {"type": "strin"}}}})
    assert str(error).startswith("common/b.json#/properties/x/type: ")
    assert error.pointer == ""


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}},
        {"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}},
        {"$ref": "#/title", "title": "no schema"},
        {"$id": "http://["},
        {"$id": "%%", "$schema": DRAFTS["7"]},
    ],
)
def test_what_cannot_be_referred_to_is_refused(schema: dict[str, Any]) -> None:
    refusal(schema)


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("referrer", DRAFTS)
def test_a_standard_meta_schema_can_be_referred_to(draft: str, referrer: str) -> None:
    made = compiled({"$schema": DRAFTS[referrer], "properties": {"schema": {"$ref": DRAFTS[draft]}}})
    assert takes(made, {"schema": {"type": "string"}})
    assert not takes(made, {"schema": {"type": "strin"}})


def test_the_meta_schemas_of_two_drafts_are_refused() -> None:
    assert "two drafts" in str(refusal({"anyOf": [{"$ref": DRAFTS["7"]}, {"$ref": DRAFTS["2020-12"]}]}))


def test_a_dynamic_reference_means_the_outermost_schema() -> None:
    tree = {
        "$id": "https://example.com/tree",
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {"value": True, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }
    strict = {"$dynamicAnchor": "node", "$ref": "https://example.com/tree", "unevaluatedProperties": False}
    made = compiled(strict, files={"tree.json": tree})
    assert takes(made, {"children": [{"value": 1}]})
    assert not takes(made, {"children": [{"valeu": 1}]})


def test_a_recursive_reference_means_the_outermost_schema() -> None:
    tree = {
        "$schema": DRAFTS["2019-09"],
        "$id": "https://example.com/tree",
        "$recursiveAnchor": True,
        "properties": {"value": True, "children": {"items": {"$recursiveRef": "#"}}},
    }
    strict = {
        "$schema": DRAFTS["2019-09"],
        "$recursiveAnchor": True,
        "$ref": "https://example.com/tree",
        "unevaluatedProperties": False,
    }
    made = compiled(strict, files={"tree.json": tree})
    assert takes(made, {"children": [{"value": 1}]})
    assert not takes(made, {"children": [{"valeu": 1}]})
