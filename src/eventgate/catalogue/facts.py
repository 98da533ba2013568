"""What the keywords of a schema say about one value, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from eventgate.catalogue.markup import Markup, tag
from eventgate.core.schema.graph import Node
from eventgate.core.schema.keywords import since

_MOST_VALUES: Final = 24
"""Values of an `enum` that are shown."""
_LONGEST_VALUE: Final = 160
"""Characters of a value that are shown."""
_KINDS: Final = {
    "properties": "object",
    "patternProperties": "object",
    "additionalProperties": "object",
    "required": "object",
    "items": "array",
    "prefixItems": "array",
    "pattern": "string",
    "maxLength": "string",
    "minLength": "string",
}
"""What a schema without a `type` is about, where one of its keywords tells."""
_SIGNS: Final = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_MARKS: Final = {"deprecated": "deprecated", "readOnly": "read only", "writeOnly": "write only"}

_NOTES: Final = ("title", "description", "deprecated", "default", "examples")

Keywords = Mapping[str, Any]


def keywords(node: Node) -> Keywords:
    """The keywords of `node` that count: up to draft 7, what stands beside `$ref` is a note at most."""
    if not isinstance(node.value, dict):
        return {}
    if "$ref" in node.value and not since(node.draft, "2019-09"):
        return {name: node.value[name] for name in _NOTES if name in node.value}
    return node.value


def kind(nodes: Iterable[Node]) -> str:
    """The JSON types that all of `nodes` leave open, as `string or null`; empty where any will do."""
    nodes = tuple(nodes)
    if any(node.value is False for node in nodes):
        return "nothing"
    schemas = [keywords(node) for node in nodes]
    named: list[str] | None = None
    for schema in schemas:
        own = schema.get("type")
        types = [own] if isinstance(own, str) else [each for each in own or () if isinstance(each, str)]
        if types:
            named = types if named is None else [each for each in named if each in types or _is_number(each, types)]
    if named is None:
        named = list(dict.fromkeys(_implied(schemas)))
    return " or ".join(named)


def _is_number(name: str, types: list[str]) -> bool:
    return name == "integer" and "number" in types


def _implied(schemas: Iterable[Keywords]) -> Iterator[str]:
    for schema in schemas:
        values = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(values, list):
            yield from (_type_of(value) for value in values)
        else:
            yield from (name for keyword, name in _KINDS.items() if keyword in schema)


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array"}
    return names.get(type(value), "object")


def facts(nodes: Iterable[Node]) -> list[Markup]:
    """Bounds, patterns and values that `nodes` state, each once."""
    found: dict[str, Markup] = {}
    for schema in map(keywords, nodes):
        for fact in _facts(schema):
            found[fact] = fact
    return list(found.values())


def text_of(nodes: Iterable[Node], keyword: str) -> str:
    """The first `title` or `description` among `nodes`."""
    for schema in map(keywords, nodes):
        value = schema.get(keyword)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _facts(schema: Keywords) -> Iterator[Markup]:
    for keyword, mark in _MARKS.items():
        if schema.get(keyword) is True:
            yield tag("span", mark, class_="badge warn")
    if isinstance(schema.get("format"), str):
        yield _fact("format ", code(schema["format"]))
    yield from _bounds(schema)
    if isinstance(schema.get("pattern"), str):
        yield _fact("matches ", tag("code", schema["pattern"], class_="pattern"))
    for keyword in ("contentEncoding", "contentMediaType"):
        if isinstance(schema.get(keyword), str):
            yield _fact("content ", code(schema[keyword]))
    if "const" in schema:
        yield _fact("always ", value(schema["const"]))
    if isinstance(schema.get("enum"), list):
        yield _fact("one of ", *_values(schema["enum"]))
    if "default" in schema:
        yield _fact("default ", value(schema["default"]))
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        yield _fact("as ", *_values(schema["examples"][:3]))
    yield from _dependencies(schema)


def _bounds(schema: Keywords) -> Iterator[Markup]:
    for keyword, sign in _SIGNS.items():
        bound = schema.get(keyword)
        if _is_count(bound):
            exclusive = schema.get(f"exclusive{keyword.capitalize()}") is True  # as draft 4 writes it
            yield _fact(f"{sign.replace('≥', '>').replace('≤', '<') if exclusive else sign} ", value(bound))
    if _is_count(schema.get("multipleOf")):
        yield _fact("multiple of ", value(schema["multipleOf"]))
    for what, one, many in (("Length", "character", "characters"), ("Items", "item", "items"),
                            ("Properties", "member", "members"), ("Contains", "such item", "such items")):  # fmt: skip
        text = _range(schema.get(f"min{what}"), schema.get(f"max{what}"), one, many)
        if text:
            yield _fact(text)
    if schema.get("uniqueItems") is True:
        yield _fact("no item twice")


def _range(least: object, most: object, one: str, many: str) -> str:
    low = least if _is_count(least) and least else None
    high = most if _is_count(most) else None
    if low is None and high is None:
        return ""
    if low == high:
        return f"exactly {low} {one if low == 1 else many}"
    if low is None:
        return f"at most {high} {one if high == 1 else many}"
    if high is None:
        return f"at least {low} {one if low == 1 else many}"
    return f"{low} to {high} {many}"


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _dependencies(schema: Keywords) -> Iterator[Markup]:
    for keyword in ("dependentRequired", "dependencies"):
        held = schema.get(keyword)
        for name, needed in held.items() if isinstance(held, dict) else ():
            if isinstance(needed, list) and needed:
                names = [code(each) for each in needed if isinstance(each, str)]
                yield _fact("with ", code(name), " also ", *_spaced(names))


def _values(values: list[Any]) -> Iterator[Markup | str]:
    yield from _spaced([value(each) for each in values[:_MOST_VALUES]])
    if len(values) > _MOST_VALUES:
        yield f" and {len(values) - _MOST_VALUES} more"


def _spaced(parts: list[Markup]) -> Iterator[Markup | str]:
    for number, part in enumerate(parts):
        if number:
            yield " "
        yield part


def _fact(*parts: Markup | str) -> Markup:
    return tag("span", *parts, class_="fact")


def value(given: object) -> Markup:
    """A JSON value as its text."""
    return code(msgspec.json.encode(given).decode("utf-8", "replace"))


def code(text: str) -> Markup:
    """A name or value, cut where it is long."""
    return tag("code", text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…")
