"""Schemas that some event matches: one for each thing that a schema can want, by the draft that it is written in."""

from __future__ import annotations

from typing import Any

from tests.core.schema.schema_support import DRAFTS

_TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
}
_BOTH = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}

EVERY_DRAFT: dict[str, Any] = {
    "nothing": {},
    **{f"type {name}": {"type": name} for name in ("object", "array", "string", "integer", "number", "boolean")},
    "null": {"type": "null"},
    "several types": {"type": ["null", "integer"]},
    "enum": {"enum": [{"a": 1}, 2]},
    "bounds": {"type": "integer", "minimum": 17, "maximum": 17},
    "below zero": {"type": "integer", "maximum": -4},
    "narrow": {"type": "number", "minimum": 0.25, "maximum": 0.3},
    "large": {"type": "integer", "minimum": 10**20},
    "multiple": {"type": "integer", "multipleOf": 7, "minimum": 50},
    "two multiples": {"allOf": [{"multipleOf": 6}, {"multipleOf": 10}], "type": "integer", "minimum": 1},
    "multiple of a fraction": {"type": "number", "multipleOf": 0.25, "minimum": 3.1},
    "length": {"type": "string", "minLength": 3, "maxLength": 3},
    "no length": {"type": "string", "maxLength": 0},
    "long": {"type": "string", "minLength": 2000},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4,12}$"},
    "pattern and length": {"type": "string", "pattern": "^[a-z]*$", "minLength": 20},
    "pattern somewhere": {"type": "string", "pattern": "b+c"},
    "patterns": {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}, {"pattern": "^a.*z$"}]},
    "choice in a pattern": {"type": "string", "pattern": "^(?:red|green)(-[0-9]+)?$", "maxLength": 3},
    "pattern of properties": {"type": "string", "pattern": "^\\p{Lu}\\p{Ll}+ \\d{3}$"},
    "what is not in a class": {"type": "string", "pattern": "^[^a-z0-9]{4}$"},
    "escapes": {"type": "string", "pattern": "^\\x41\\u0042\\.\\/\\t\\S\\W$"},
    "required": {"type": "object", "required": ["a", "b c", "ď"]},
    "members": {**_BOTH, "type": "object", "required": ["b"], "additionalProperties": False},
    "forbidden member": {"properties": {"a": {"not": {}}, "b": {"type": "string"}}, "type": "object"},
    "members by pattern": {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}, "required": ["x-1"]},
    "two patterns, one name": {
        "patternProperties": {"a": {"minimum": 3}, "b": {"type": "integer"}},
        "required": ["ab"],
    },
    "so many members": {"type": "object", "minProperties": 4, "additionalProperties": {"type": "boolean"}},
    "names by pattern": {"patternProperties": {"^[a-f]$": {}}, "additionalProperties": False, "minProperties": 3},
    "few members": {**_BOTH, "type": "object", "maxProperties": 1},
    "no members": {"type": "object", "maxProperties": 0},
    "dependency on names": {**_BOTH, "type": "object", "dependencies": {"a": ["b", "c"]}, "required": ["a"]},
    "dependency on a schema": {**_BOTH, "dependencies": {"a": {"required": ["c"]}}, "type": "object"},
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2},
    "unique": {"type": "array", "items": {"type": "integer"}, "minItems": 5, "uniqueItems": True},
    "unique choices": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    "unique objects": {
        "type": "array",
        "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        "minItems": 3,
        "uniqueItems": True,
    },
    "all of": {"allOf": [_BOTH, {"required": ["a"]}, {"properties": {"a": {"minLength": 5}}}], "type": "object"},
    "any of": {"anyOf": [{"type": "string", "maxLength": 1, "minLength": 2}, {"type": "integer"}]},
    "one of": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]},
    "one of, with members": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], **_BOTH, "type": "object"},
    "one of, overlapping": {"oneOf": [{"minimum": 0}, {"maximum": 10}], "type": "integer"},
    "not a type": {"not": {"type": ["string", "object", "array"]}},
    "not a value": {"type": "integer", "minimum": 1, "maximum": 2, "not": {"enum": [1]}},
    "not required": {**_BOTH, "type": "object", "not": {"required": ["a"]}},
    "not so": {"type": "object", "required": ["a"], "not": {"properties": {"a": {"type": "string"}}}},
    "not below": {"type": "integer", "not": {"maximum": 41}},
    "not not": {"not": {"not": {"type": "boolean"}}},
    "not any of": {"not": {"anyOf": [{"type": "object"}, {"minimum": 0}]}, "type": ["object", "integer"]},
    "tree": _TREE,
    "list": {
        "definitions": {"l": {"anyOf": [{"type": "null"}, {"required": ["n"], "properties": {"n": {"$ref": "#"}}}]}},
        "allOf": [{"$ref": "#/definitions/l"}],
        "type": ["object", "null"],
    },
    "references": {
        "definitions": {"id": {"type": "string", "pattern": "^[0-9]{3}$"}, "same": {"$ref": "#/definitions/id"}},
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"$ref": "#/definitions/same"}},
    },
    "deep": {"type": "object", "required": ["a"], "properties": {"a": {"properties": {"b": {"items": {}}}}}},
    "odd names": {"type": "object", "required": ["", "/", "~", '"', "\\", "\u2028"]},
    **{
        f"format {name}": {"type": "string", "format": name}
        for name in ("date-time", "email", "hostname", "ipv4", "ipv6", "uri", "unknown")
    },
    "format and length": {"type": "string", "format": "hostname", "maxLength": 12},
}

FROM_6: dict[str, Any] = {
    "const": {"const": [None, {"a": 1.5}]},
    "exclusive": {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    "exclusive fractions": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    "names": {"type": "object", "propertyNames": {"pattern": "^[A-Z]{3}$"}, "minProperties": 2},
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 5}, "maxItems": 1},
    "examples": {"type": "string", "examples": [7, "as the author says"]},
    "example that does not fit": {"type": "integer", "examples": ["no"], "default": "neither"},
    "true and false": {"properties": {"a": True, "b": False}, "type": "object"},
    "not contains": {"type": "array", "not": {"contains": {"type": "string"}}, "minItems": 1},
    **{
        f"format {name}": {"type": "string", "format": name}
        for name in ("uri-reference", "json-pointer", "uri-template")
    },
}

FROM_7: dict[str, Any] = {
    "if, then": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["a", "b"]}},
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["of_a"]},
        "else": {"required": ["of_b"]},
    },
    "if without then": {"type": "integer", "if": {"minimum": 0}, "else": {"maximum": -5}, "not": {"minimum": -2}},
    "many ifs": {
        "type": "object",
        "required": ["kind", "state"],
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": f"kind {n}"}}, "required": ["kind"]},
                "then": {"properties": {"state": {"enum": [f"state {n}"]}}},
            }
            for n in range(8)
        ],
    },
    **{
        f"format {name}": {"type": "string", "format": name}
        for name in ("date", "time", "idn-email", "iri", "regex", "relative-json-pointer")
    },
    "base64": {"type": "string", "contentEncoding": "base64"},
    "JSON in a string": {"type": "string", "contentMediaType": "application/json"},
}

FROM_2019: dict[str, Any] = {
    "dependent": {
        **_BOTH,
        "type": "object",
        "required": ["a"],
        "dependentRequired": {"a": ["x"], "x": ["y"]},
        "dependentSchemas": {"y": {"properties": {"y": {"type": "integer"}}}},
    },
    "unevaluated members": {"allOf": [_BOTH], "unevaluatedProperties": False, "type": "object", "required": ["b"]},
    "unevaluated members of a type": {"allOf": [_BOTH], "unevaluatedProperties": {"type": "null"}, "required": ["c"]},
    "contains some": {"type": "array", "contains": {"const": 1}, "minContains": 2, "maxContains": 3, "minItems": 5},
    "contains none": {"type": "array", "contains": {"type": "string"}, "minContains": 0, "maxItems": 0},
    "deprecated": {"properties": {"old": {"deprecated": True}, "new": {"type": "string"}}, "type": "object"},
    "reference and more": {"$defs": {"d": {"type": "string"}}, "$ref": "#/$defs/d", "minLength": 30},
    "anchor": {"$defs": {"d": {"$anchor": "here", "type": "integer"}}, "$ref": "#here"},
    **{f"format {name}": {"type": "string", "format": name} for name in ("uuid", "duration")},
}

LATEST: dict[str, Any] = {
    "prefix": {
        "prefixItems": [{"type": "string"}, {"type": "integer"}],
        "items": False,
        "type": "array",
        "minItems": 2,
    },
    "prefix and rest": {"prefixItems": [{"const": 1}], "items": {"type": "string"}, "minItems": 3, "type": "array"},
    "unevaluated items": {
        "allOf": [{"prefixItems": [{"type": "string"}]}],
        "unevaluatedItems": False,
        "type": "array",
        "minItems": 1,
    },
    "contained are evaluated": {"contains": {"type": "integer"}, "unevaluatedItems": False, "type": "array"},
    "dynamic": {
        "$id": "tree",
        "$dynamicAnchor": "node",
        "type": "object",
        "required": ["data"],
        "properties": {"data": True, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    },
    "a schema": {"$ref": "https://json-schema.org/draft/2020-12/schema"},
}

OLDER: dict[str, Any] = {
    "list of items": {"items": [{"type": "string"}, {"type": "null"}], "additionalItems": False, "minItems": 2},
    "siblings of a reference": {
        "definitions": {"d": {"type": "string"}},
        "properties": {"a": {"$ref": "#/definitions/d", "type": "integer"}},
        "required": ["a"],
        "type": "object",
    },
}

_OF_DRAFT: dict[str, tuple[dict[str, Any], ...]] = {
    "4": (EVERY_DRAFT, OLDER, {"exclusive": {"type": "integer", "minimum": 3, "exclusiveMinimum": True}}),
    "6": (EVERY_DRAFT, OLDER, FROM_6),
    "7": (EVERY_DRAFT, OLDER, FROM_6, FROM_7),
    "2019-09": (EVERY_DRAFT, FROM_6, FROM_7, FROM_2019),
    "2020-12": (EVERY_DRAFT, FROM_6, FROM_7, FROM_2019, LATEST),
}

SCHEMAS: dict[str, Any] = {
    f"{draft}: {name}": {"$schema": DRAFTS[draft], **schema}
    for draft, tables in _OF_DRAFT.items()
    for table in tables
    for name, schema in table.items()
}
"""Every schema above in every draft that has its keywords, by a name."""
