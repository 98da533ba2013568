"""The ways in which a value can be other than a schema wants it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from eventgate.catalogue.examples.parts import Demand, Forbidden, Item, Member, Part, fact
from eventgate.core.schema.graph import Edge, Node

TYPES: Final = ("object", "string", "integer", "number", "boolean", "array", "null")

_BOUNDS: Final[dict[str, tuple[str, str, int]]] = {
    "minimum": ("number", "exclusiveMaximum", 0),
    "maximum": ("number", "exclusiveMinimum", 0),
    "exclusiveMinimum": ("number", "maximum", 0),
    "exclusiveMaximum": ("number", "minimum", 0),
    "minLength": ("string", "maxLength", -1),
    "maxLength": ("string", "minLength", 1),
    "minItems": ("array", "maxItems", -1),
    "maxItems": ("array", "minItems", 1),
    "minProperties": ("object", "maxProperties", -1),
    "maxProperties": ("object", "minProperties", 1),
}
"""For each bound: what it looks at, and the bound that says the opposite, so much further."""
_SOMEHOW: Final = {"pattern": "string", "format": "string", "multipleOf": "number", "const": None, "enum": None}
"""Keywords that most values miss, and the type that they look at: what is found is judged anyway."""


def denials(node: Node) -> tuple[tuple[Demand, ...], ...]:
    """What has to be so, in one way or another, for a value not to match `node`; empty where every value does."""
    if node.meta is not None:
        return ((fact(type="string"),),)
    if not isinstance(node.value, dict):
        return () if node.value else ((),)
    return (*(way for edge in node.edges for way in _by_edge(node, edge)), *_by_assertions(node.value))


def _by_assertions(value: dict[str, Any]) -> Iterator[tuple[Demand, ...]]:
    if "type" in value:
        named = [value["type"]] if isinstance(value["type"], str) else value["type"]
        taken = {*named, *(["integer"] if "number" in named else [])}
        yield (fact(type=[each for each in TYPES if each not in taken]),)
    for name in value.get("required", ()):
        yield (fact(type="object"), Forbidden(name))
    for keyword, (kind, opposite, further) in _BOUNDS.items():
        limit = value.get(keyword)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            yield (fact(type=kind), fact(**{opposite: limit + further}))
    for keyword, looked_at in _SOMEHOW.items():
        if keyword in value:
            yield () if looked_at is None else (fact(type=looked_at),)


def _by_edge(node: Node, edge: Edge) -> Iterator[tuple[Demand, ...]]:
    broken = Part(edge.target, holds=False)
    if edge.keyword in ("$ref", "$dynamicRef", "$recursiveRef", "allOf"):
        yield (broken,)
    elif edge.keyword in ("anyOf", "oneOf"):
        if edge.token == 0:
            yield tuple(Part(each.target, holds=False) for each in node.under(edge.keyword))
    elif edge.keyword == "not":
        yield (Part(edge.target),)
    elif edge.keyword in ("then", "else"):
        yield (broken, *(Part(each.target, holds=edge.keyword == "then") for each in node.under("if")))
    elif edge.keyword == "properties":
        yield (fact(type="object"), Member(str(edge.token), broken))
    elif edge.keyword == "additionalProperties":
        yield (fact(type="object"), Member("other", broken))
    elif edge.keyword in ("items", "prefixItems"):
        yield (fact(type="array"), Item(broken))
    elif edge.keyword == "contains":
        yield (fact(type="array"), Item(broken, every=True))
