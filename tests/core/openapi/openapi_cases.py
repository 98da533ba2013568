"""Schemas of every draft, and values that tell them apart."""

from __future__ import annotations

from typing import Any

from tests.core.schema.schema_support import DRAFTS

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    5,
    6,
    7.5,
    -1,
    10**30,
    "",
    "a",
    "abc",
    [],
    [1],
    ["a"],
    [1, "a"],
    ["a", 1],
    [1, 1],
    ["a", "b", "c"],
    [1, 2, 3],
    {},
    {"a": 1},
    {"a": "x"},
    {"b": 1},
    {"a": 1, "b": 1},
    {"a": 1, "b": "x", "c": None},
    {"xa": 1},
    {"a": {"a": {"a": 1}}},
    {"a": {"b": [1]}},
    [[], [[]]],
    {"child": {"child": {"value": "x"}}},
    {"child": {"child": {"value": 1}}},
)

EVERY_DRAFT: dict[str, Any] = {
    "types and limits": {"type": ["integer", "string", "object"], "minimum": 5, "maxLength": 2, "minProperties": 1},
    "members": {
        "properties": {"a": {"type": "integer"}},
        "patternProperties": {"^x": {"type": "string"}},
        "additionalProperties": False,
        "required": ["a"],
    },
    "arrays": {"items": {"type": "integer"}, "uniqueItems": True, "maxItems": 2},
    "combinations": {
        "anyOf": [{"type": "string"}, {"not": {"enum": [5, {}]}}],
        "oneOf": [{"minItems": 1}, {"type": "null"}],
    },
    "definitions": {
        "properties": {"a": {"$ref": "#/definitions/a%20b~1c"}},
        "definitions": {"a b/c": {"type": "integer"}, "unused": {"type": "null"}},
    },
    "recursion": {"properties": {"child": {"$ref": "#"}, "value": {"type": "string"}}},
    "a later draft's keyword, or this one's": {
        "const": 5,
        "contains": {"type": "integer"},
        "propertyNames": {"maxLength": 1},
        "if": {"type": "string"},
        "then": {"minLength": 2},
        "minContains": 2,
        "dependentRequired": {"a": ["b"]},
        "unevaluatedProperties": False,
        "prefixItems": [{"type": "string"}],
    },
}
BEFORE_2020: dict[str, Any] = {
    "a list of items": {"items": [{"type": "integer"}, {"type": "string"}], "additionalItems": False},
    "additional items by schema": {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
    "additional items beside one schema": {"items": {"type": "integer"}, "additionalItems": False},
    "dependencies": {"dependencies": {"a": ["b"], "b": {"required": ["c"]}}},
    "a reference into a list of items": {"items": [{"type": "integer"}, {"$ref": "#/items/0"}]},
}
BY_DRAFT: list[tuple[str, str, Any]] = [
    *((draft, name, schema) for draft in DRAFTS for name, schema in EVERY_DRAFT.items()),
    *((draft, name, schema) for draft in DRAFTS if draft != "2020-12" for name, schema in BEFORE_2020.items()),
    ("4", "exclusive limits", {"minimum": 5, "exclusiveMinimum": True, "maximum": 7, "exclusiveMaximum": False}),
    (
        "4",
        "ids",
        {"id": "https://example.com/x", "allOf": [{"$ref": "#i"}], "definitions": {"a": {"id": "#i", "enum": [5]}}},
    ),
    ("6", "exclusive limits", {"exclusiveMinimum": 5}),
    (
        "7",
        "siblings of a reference",
        {"allOf": [{"$ref": "#/definitions/a", "type": "null"}], "definitions": {"a": {}}},
    ),
    ("7", "anchors", {"allOf": [{"$ref": "#i"}], "definitions": {"a": {"$id": "#i", "type": "object"}}}),
    ("7", "conditions", {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "object"}}),
    (
        "2019-09",
        "siblings of a reference",
        {"$ref": "#/$defs/a", "minProperties": 2, "$defs": {"a": {"type": "object"}}},
    ),
    ("2019-09", "recursive", {"$recursiveAnchor": True, "properties": {"a": {"$recursiveRef": "#"}}, "type": "object"}),
    (
        "2019-09",
        "two references",
        {"$recursiveRef": "#/$defs/a", "$ref": "#/$defs/b", "$defs": {"a": {}, "b": {"type": "null"}}},
    ),
    (
        "2019-09",
        "dependents",
        {"dependentRequired": {"a": ["b"]}, "dependencies": {"a": ["c"], "b": {"maxProperties": 2}}},
    ),
    (
        "2019-09",
        "unevaluated",
        {"anyOf": [{"properties": {"a": {}}}, {"required": ["b"]}], "unevaluatedProperties": False},
    ),
    (
        "2020-12",
        "dependents",
        {"dependentSchemas": {"a": {"required": ["b"]}}, "dependencies": {"a": {"maxProperties": 2}}},
    ),
    ("2020-12", "dynamic", {"$dynamicAnchor": "n", "properties": {"a": {"$dynamicRef": "#n"}}, "type": "object"}),
    ("2020-12", "anchors", {"$ref": "inner#i", "$defs": {"a": {"$anchor": "i", "$id": "inner", "type": "array"}}}),
    (
        "2020-12",
        "prefix",
        {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}, "contains": {"const": 1}},
    ),
    ("2020-12", "unevaluated", {"prefixItems": [{}], "contains": {"type": "string"}, "unevaluatedItems": False}),
]
