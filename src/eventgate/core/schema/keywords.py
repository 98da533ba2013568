"""Which keywords of JSON Schema hold subschemas, and what part of an instance those judge, draft by draft."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

Draft = Literal["4", "6", "7", "2019-09", "2020-12"]
Place = Literal["here", "member", "item", "name", "nowhere"]
"""What a subschema judges: the same instance, a member, an item, a member's name, or nothing by itself."""

DRAFTS: Final[tuple[Draft, ...]] = ("4", "6", "7", "2019-09", "2020-12")
SCHEMA_URIS: Final[dict[Draft, str]] = {
    "4": "http://json-schema.org/draft-04/schema",
    "6": "http://json-schema.org/draft-06/schema",
    "7": "http://json-schema.org/draft-07/schema",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}
_BY_URI: Final = {uri.partition("://")[2]: draft for draft, uri in SCHEMA_URIS.items()}


class Holder(NamedTuple):
    """A keyword that holds subschemas: one, a list or a map of them, from one draft to another."""

    form: Literal["one", "list", "map"]
    place: Place
    first: Draft = "4"
    last: Draft = "2020-12"


HOLDERS: Final[dict[str, tuple[Holder, ...]]] = {
    "allOf": (Holder("list", "here"),),
    "anyOf": (Holder("list", "here"),),
    "oneOf": (Holder("list", "here"),),
    "not": (Holder("one", "here"),),
    "if": (Holder("one", "here", "7"),),
    "then": (Holder("one", "here", "7"),),
    "else": (Holder("one", "here", "7"),),
    "dependencies": (Holder("map", "here"),),
    "dependentSchemas": (Holder("map", "here", "2019-09"),),
    "properties": (Holder("map", "member"),),
    "patternProperties": (Holder("map", "member"),),
    "additionalProperties": (Holder("one", "member"),),
    "unevaluatedProperties": (Holder("one", "member", "2019-09"),),
    "propertyNames": (Holder("one", "name", "6"),),
    "prefixItems": (Holder("list", "item", "2020-12"),),
    "items": (Holder("one", "item"), Holder("list", "item", "4", "2019-09")),
    "additionalItems": (Holder("one", "item", "4", "2019-09"),),
    "unevaluatedItems": (Holder("one", "item", "2019-09"),),
    "contains": (Holder("one", "item", "6"),),
    "contentSchema": (Holder("one", "nowhere", "2019-09"),),
    "$defs": (Holder("map", "nowhere", "2019-09"),),
    "definitions": (Holder("map", "nowhere"),),
}
"""JSON Schema 2020-12 core and validation, and the same of the older drafts."""

ASSERTIONS: Final[dict[str, Draft]] = {
    "type": "4",
    "enum": "4",
    "const": "6",
    "multipleOf": "4",
    "maximum": "4",
    "exclusiveMaximum": "4",
    "minimum": "4",
    "exclusiveMinimum": "4",
    "maxLength": "4",
    "minLength": "4",
    "pattern": "4",
    "format": "4",
    "contentEncoding": "6",
    "contentMediaType": "6",
    "maxItems": "4",
    "minItems": "4",
    "uniqueItems": "4",
    "maxProperties": "4",
    "minProperties": "4",
}
"""Keywords that judge an instance by themselves, without subschemas and member names, and the draft they came with."""


def since(draft: Draft, first: Draft) -> bool:
    """Whether `draft` is `first` or a later one."""
    return DRAFTS.index(draft) >= DRAFTS.index(first)


def draft_of(schema_uri: str) -> Draft | None:
    """The draft that a `$schema` names, or None."""
    return _BY_URI.get(schema_uri.removesuffix("#").partition("://")[2])


def subschemas(value: dict[str, Any], draft: Draft) -> Iterator[tuple[str, str | int | None, Any, Place]]:
    """Every subschema right under `value`: keyword, name or index (None where it is the only one), subschema, place."""
    if "$ref" in value and not since(draft, "2019-09"):
        yield from _held(value, draft, ("definitions",))
        return
    yield from _held(value, draft, HOLDERS)


def _held(
    value: dict[str, Any], draft: Draft, keywords: dict[str, tuple[Holder, ...]] | tuple[str, ...]
) -> Iterator[tuple[str, str | int | None, Any, Place]]:
    for keyword in keywords:
        held = value.get(keyword)
        if held is None:
            continue
        for holder in HOLDERS[keyword]:
            if since(draft, holder.first) and since(holder.last, draft):
                for token, child in _members(held, holder.form):
                    yield keyword, token, child, holder.place


def _members(held: Any, form: str) -> Iterator[tuple[str | int | None, Any]]:
    candidates: Iterator[tuple[str | int | None, Any]]
    if form == "one":
        candidates = iter([(None, held)])
    elif form == "list":
        candidates = enumerate(held) if isinstance(held, list) else iter(())
    else:
        candidates = iter(held.items()) if isinstance(held, dict) else iter(())
    for token, child in candidates:
        if isinstance(child, dict | bool):
            yield token, child
