"""What a value holds by its schemas: members, items, alternatives, conditions, in groups to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from eventgate.catalogue.facts import keywords
from eventgate.core.schema.graph import Edge, Node

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_MOST_AT_ONCE: Final = 200
"""Schemas of one value that are looked at."""
_ALTERNATIVES: Final = {"anyOf": "any of these", "oneOf": "exactly one of these"}
_CONDITIONS: Final = {"if": "if the value matches", "then": "then", "else": "otherwise"}


class Part(msgspec.Struct, frozen=True):
    """Something inside of a value, and the schemas that judge it.

    `token` is its part of an address. `is_name`: `name` is a member's, not a word of ours.
    """

    token: str
    name: str
    nodes: tuple[Node, ...]
    required: bool = False
    is_name: bool = False


class Group(msgspec.Struct, frozen=True):
    """Parts under one label; without parts it is a remark."""

    label: str
    parts: tuple[Part, ...] = ()
    style: str = "group"


def flat(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """`nodes` and all that judge the same value as well: what they refer to, and the members of their `allOf`."""
    found: dict[int, Node] = {}
    pending = list(reversed(nodes))
    while pending and len(found) < _MOST_AT_ONCE:
        node = pending.pop()
        if id(node) not in found:
            found[id(node)] = node
            pending += [edge.target for edge in reversed(_same(node))]
    return tuple(found.values())


def _same(node: Node) -> list[Edge]:
    """The first target of each reference, and `allOf`."""
    references = [edge for keyword in _REFERENCES for edge in node.under(keyword)[:1]]
    return references + node.under("allOf")


def groups(nodes: Sequence[Node]) -> Iterator[Group]:
    """All that is inside of a value that `nodes` judge."""
    yield from _members(nodes)
    yield from _items(nodes)
    for node in nodes:
        for keyword, label in _ALTERNATIVES.items():
            edges = node.under(keyword)
            if edges:
                parts = [Part(f"{keyword}:{number}", f"option {number}", (edge.target,))
                         for number, edge in enumerate(edges, 1)]  # fmt: skip
                yield Group(f"{label} ({len(parts)})", tuple(parts), "group choice")
        yield from _conditions(node)


def _members(nodes: Sequence[Node]) -> Iterator[Group]:
    required = list(dict.fromkeys(name for node in nodes for name in _names(node)))
    declared: dict[str, list[Node]] = {}
    for edge in _edges(nodes, "properties"):
        declared.setdefault(str(edge.token), []).append(edge.target)
    for name in required:
        declared.setdefault(name, [])
    parts = [Part(_token(name), name, tuple(found), name in required, True) for name, found in declared.items()]
    for edge in _edges(nodes, "patternProperties"):
        parts.append(Part(f"pattern:{_token(str(edge.token))}", f"/{edge.token}/", (edge.target,), is_name=True))
    closed = False
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        for edge in _edges(nodes, keyword):
            if edge.target.value is False:
                closed = True
            elif edge.target.value is not True:
                parts.append(Part("*", "any other member" if parts else "every member", (edge.target,)))
    parts += [Part("name:*", "every member's name", (edge.target,)) for edge in _edges(nodes, "propertyNames")]
    if parts:
        yield Group(f"{_counted(len(declared), 'member')}{', no others' if closed else ''}", tuple(parts))
    elif closed:
        yield Group("No members.")


def _items(nodes: Sequence[Node]) -> Iterator[Group]:
    parts = []
    first = [*_edges(nodes, "prefixItems"), *(edge for edge in _edges(nodes, "items") if edge.token is not None)]
    for edge in first:
        number = int(edge.token or 0)
        parts.append(Part(str(number), f"item {number + 1}", (edge.target,)))
    rest = [edge for edge in _edges(nodes, "items") if edge.token is None]
    rest += [*_edges(nodes, "additionalItems"), *_edges(nodes, "unevaluatedItems")]
    for edge in rest:
        parts.append(Part("*", "further items" if first else "every item", (edge.target,)))
    parts += [Part("contains:*", "at least one item", (edge.target,)) for edge in _edges(nodes, "contains")]
    if parts:
        yield Group("items", tuple(parts))


def _conditions(node: Node) -> Iterator[Group]:
    chosen = [(keyword, edge) for keyword in _CONDITIONS for edge in node.under(keyword)]
    if len(chosen) > 1:
        parts = [Part(keyword, _CONDITIONS[keyword], (edge.target,)) for keyword, edge in chosen]
        yield Group("depending on the value", tuple(parts), "group choice")
    present = [edge for keyword in ("dependentSchemas", "dependencies") for edge in node.under(keyword)]
    if present:
        parts = [Part(f"with:{_token(str(edge.token))}", f"with {edge.token}", (edge.target,)) for edge in present]
        yield Group("depending on members", tuple(parts), "group choice")
    if refused := node.under("not"):
        yield Group("not allowed", (Part("not", "whatever matches", (refused[0].target,)),), "group choice")


def _edges(nodes: Sequence[Node], keyword: str) -> Iterator[Edge]:
    return (edge for node in nodes for edge in node.under(keyword))


def _names(node: Node) -> Iterator[str]:
    required = keywords(node).get("required")
    return (name for name in (required if isinstance(required, list) else ()) if isinstance(name, str))


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s" if count else f"{what}s"
