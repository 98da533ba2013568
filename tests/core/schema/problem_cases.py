"""What is said of events that each keyword refuses: schema, event, and (pointer, keyword, message) of each problem.

A name that is a kind of the library's errors stands for that kind.
"""

from __future__ import annotations

from typing import Any

from tests.core.schema.schema_support import DRAFTS

Said = tuple[str, str, str]

D4, D6, D7, D19 = DRAFTS["4"], DRAFTS["6"], DRAFTS["7"], DRAFTS["2019-09"]

CASES: dict[str, tuple[Any, Any, list[Said]]] = {
    "Type": ({"type": "string"}, 1, [("", "type", "must be a string")]),
    "Type several": ({"type": ["integer", "null"]}, "x", [("", "type", "must be null or an integer")]),
    "Enum": ({"enum": ["a", 1, None]}, "x", [("", "enum", 'must be one of "a", 1, null')]),
    "Constant": ({"const": {"a": 1}}, 2, [("", "const", 'must be {"a":1}')]),
    "MultipleOf": ({"multipleOf": 0.5}, 0.7, [("", "multipleOf", "must be a multiple of 0.5")]),
    "Maximum": ({"maximum": 5}, 6, [("", "maximum", "must be at most 5")]),
    "Minimum": ({"minimum": 5}, 4, [("", "minimum", "must be at least 5")]),
    "ExclusiveMaximum": ({"exclusiveMaximum": 5}, 5, [("", "exclusiveMaximum", "must be less than 5")]),
    "ExclusiveMinimum": ({"exclusiveMinimum": 5}, 5, [("", "exclusiveMinimum", "must be greater than 5")]),
    "ExclusiveMinimum draft 4": (
        {"$schema": D4, "minimum": 5, "exclusiveMinimum": True},
        5,
        [("", "exclusiveMinimum", "must be greater than 5")],
    ),
    "MaxLength": ({"maxLength": 1}, "ab", [("", "maxLength", "must have at most 1 character")]),
    "MinLength": ({"minLength": 2}, "a", [("", "minLength", "must have at least 2 characters")]),
    "Pattern": ({"pattern": "^a"}, "b", [("", "pattern", 'must match the pattern "^a"')]),
    "Format": ({"format": "uuid"}, "b", [("", "format", 'must have the format "uuid"')]),
    "ContentEncoding": (
        {"$schema": D7, "contentEncoding": "base64"},
        "?",
        [("", "contentEncoding", 'must be encoded as "base64"')],
    ),
    "ContentMediaType": (
        {"$schema": D6, "contentMediaType": "application/json"},
        "{",
        [("", "contentMediaType", 'must hold the media type "application/json"')],
    ),
    "MaxItems": ({"maxItems": 1}, [1, 2], [("", "maxItems", "must have at most 1 item")]),
    "MinItems": ({"minItems": 2}, [1], [("", "minItems", "must have at least 2 items")]),
    "UniqueItems": ({"uniqueItems": True}, [1, 1.0], [("", "uniqueItems", "must not have two equal items")]),
    "MaxProperties": ({"maxProperties": 0}, {"a": 1}, [("", "maxProperties", "must have at most 0 members")]),
    "MinProperties": ({"minProperties": 1}, {}, [("", "minProperties", "must have at least 1 member")]),
    "Required": (
        {"properties": {"o": {"required": ["a", "b"]}}},
        {"o": {}},
        [("/o", "required", 'needs the member "a"'), ("/o", "required", 'needs the member "b"')],
    ),
    "dependentRequired": (
        {"dependentRequired": {"a": ["b"]}},
        {"a": 1},
        [("", "dependentRequired", 'needs the member "b" where "a" is present')],
    ),
    "dependencies, names": (
        {"$schema": D7, "dependencies": {"a": ["b"]}},
        {"a": 1},
        [("", "dependencies", 'needs the member "b" where "a" is present')],
    ),
    "dependencies, schema": (
        {"$schema": D4, "dependencies": {"a": {"minProperties": 2}}},
        {"a": 1},
        [("", "minProperties", "must have at least 2 members")],
    ),
    "dependentSchemas false": (
        {"dependentSchemas": {"a": False}},
        {"a": 1},
        [("", "dependentSchemas", "is not allowed here")],
    ),
    "FalseSchema": (False, 1, [("", "false schema", "is not allowed here")]),
    "properties false": (
        {"properties": {"a": False}},
        {"a": 1},
        [("/a", "properties", "is not allowed here")],
    ),
    "patternProperties": (
        {"patternProperties": {"^x": {"type": "string"}, "^y": False}},
        {"x1": 1, "y1": 1},
        [("/*", "type", "must be a string"), ("/*", "patternProperties", "is not allowed here")],
    ),
    "AdditionalProperties": (
        {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False},
        {"b": 1, "c": 2},
        [("", "additionalProperties", 'must not have members other than "a", what matches "^x"')],
    ),
    "additionalProperties, none": (
        {"additionalProperties": False},
        {"b": 1},
        [("", "additionalProperties", "must not have members")],
    ),
    "additionalProperties, schema": (
        {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
        {"a": 1, "b": {"a": 1}, "c": "x"},
        [("/a", "type", "must be a string"), ("/*", "type", "must be a string")],
    ),
    "PropertyNames": (
        {"propertyNames": {"pattern": "^a"}},
        {"b": 1},
        [("", "propertyNames", 'has a member whose name is not allowed: must match the pattern "^a"')],
    ),
    "propertyNames false": (
        {"propertyNames": False},
        {"b": 1},
        [("", "propertyNames", "has a member whose name is not allowed: no member is allowed")],
    ),
    "UnevaluatedProperties": (
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
        {"b": 1},
        [("", "unevaluatedProperties", "has members that the schema does not allow")],
    ),
    "unevaluatedProperties beside another problem": (
        {"required": ["z"], "properties": {"a": {}}, "unevaluatedProperties": False},
        {"b": 1},
        [
            ("", "required", 'needs the member "z"'),
            ("", "unevaluatedProperties", "has members that the schema does not allow"),
        ],
    ),
    "unevaluatedProperties are not blamed for what another problem leaves over": (
        {"allOf": [{"properties": {"a": {"type": "string"}}}], "unevaluatedProperties": False},
        {"a": 1},
        [("/a", "type", "must be a string")],
    ),
    "items": ({"items": {"type": "string"}}, ["a", 1], [("/1", "type", "must be a string")]),
    "items false": ({"prefixItems": [True], "items": False}, [1, 2], [("", "items", "must have at most 1 item")]),
    "prefixItems": ({"prefixItems": [{}, {"type": "null"}]}, [1, 2], [("/1", "type", "must be null")]),
    "items, a list": ({"$schema": D7, "items": [{}, {"type": "null"}]}, [1, 2], [("/1", "type", "must be null")]),
    "AdditionalItems": (
        {"$schema": D7, "items": [{}], "additionalItems": False},
        [1, 2],
        [("", "additionalItems", "must have at most 1 item")],
    ),
    "additionalItems, schema": (
        {"$schema": D19, "items": [{}], "additionalItems": {"type": "null"}},
        [1, 2],
        [("/1", "type", "must be null")],
    ),
    "UnevaluatedItems": (
        {"allOf": [{"prefixItems": [{}]}], "unevaluatedItems": False},
        [1, 2],
        [("", "unevaluatedItems", "has items that the schema does not allow")],
    ),
    "Contains": (
        {"contains": {"type": "null"}},
        [1],
        [("", "contains", "must have at least 1 item as contains wants it")],
    ),
    "minContains": (
        {"contains": {}, "minContains": 2},
        [1],
        [("", "minContains", "must have at least 2 items as contains wants it")],
    ),
    "maxContains": (
        {"contains": {}, "maxContains": 1},
        [1, 2],
        [("", "maxContains", "must have at most 1 item as contains wants it")],
    ),
    "allOf": (
        {"allOf": [{"type": "string"}, {"minimum": 5}]},
        1,
        [("", "type", "must be a string"), ("", "minimum", "must be at least 5")],
    ),
    "AnyOf": (
        {"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "null"}}, "type": "object"}, False]},
        {"a": 1},
        [
            (
                "",
                "anyOf",
                "must match at least one of 3 alternatives: (1) must be a string; (2) /a must be null; "
                "(3) is not allowed here",
            )
        ],
    ),
    "OneOfNotValid": (
        {"oneOf": [{"type": "string"}, {"anyOf": [{"type": "null"}, {"minimum": 5}]}]},
        1,
        [
            (
                "",
                "oneOf",
                "must match exactly one of 2 alternatives: (1) must be a string; "
                "(2) must match at least one of 2 alternatives",
            )
        ],
    ),
    "OneOfMultipleValid": (
        {"oneOf": [{}, {"type": "integer"}, False]},
        1,
        [("", "oneOf", "must match exactly one of 3 alternatives, not 2 of them")],
    ),
    "Not": ({"not": {"type": "integer"}}, 1, [("", "not", "must not match the schema under not")]),
    "then": ({"if": {"type": "integer"}, "then": {"minimum": 5}}, 1, [("", "minimum", "must be at least 5")]),
    "else": ({"if": {"type": "null"}, "else": False}, 1, [("", "else", "is not allowed here")]),
    "$ref": ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, 1, [("", "type", "must be null")]),
    "$ref hides its siblings in draft 7": (
        {"$schema": D7, "allOf": [{"$ref": "#/definitions/a", "minimum": 5}], "definitions": {"a": {"type": "null"}}},
        1,
        [("", "type", "must be null")],
    ),
    "$dynamicRef": (
        {"$dynamicAnchor": "n", "type": "array", "items": {"$dynamicRef": "#n"}},
        [[1]],
        [("/0/0", "type", "must be an array")],
    ),
    "a meta-schema": (
        {"properties": {"a": {"$ref": DRAFTS["2020-12"]}}},
        {"a": {"type": "x"}},
        [("/a", "$ref", "must be a JSON Schema of draft 2020-12")],
    ),
    "names with / and ~": (
        {"properties": {"a/~b": {"type": "null"}}},
        {"a/~b": 1},
        [("/a~1~0b", "type", "must be null")],
    ),
    "several in the order of the event": (
        {"properties": {"a": {"type": "null"}, "b": {"type": "null"}}},
        {"b": 1, "a": 1},
        [("/b", "type", "must be null"), ("/a", "type", "must be null")],
    ),
    "an older draft does not know a later keyword": (
        {"$schema": D4, "type": "null", "const": 5, "contains": False},
        [1],
        [("", "type", "must be null")],
    ),
}
