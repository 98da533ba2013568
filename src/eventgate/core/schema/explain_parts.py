"""What an explanation is made of."""

from __future__ import annotations

from typing import Any, NamedTuple

from eventgate.core.pointer import join
from eventgate.core.schema.graph import Node, SchemaGraph
from eventgate.errors import Problem


class Frame(NamedTuple):
    """A schema that refuses a part of an event. `keyword` is what holds the schema, `path` the part's place as shown.

    `brief`: alternatives are not gone into.
    """

    node: Node
    keyword: str | None
    instance: Any
    path: tuple[str | int, ...]
    brief: bool = False


Part = Problem | Frame
"""A problem, or a refusal further down that holds one at least."""


def problem(frame: Frame, keyword: str, message: str, *, name: str | None = None) -> Problem:
    """A problem of the frame's part of the event; `name` is the member that is missing."""
    return Problem("validation", message, pointer=join(frame.path), keyword=keyword, property=name)


def member_names(graph: SchemaGraph) -> frozenset[str]:
    """Every member name that the schema declares somewhere."""
    names: set[str] = set()
    for node in graph.reached():
        if not isinstance(node.value, dict):
            continue
        for keyword in ("properties", "dependencies", "dependentSchemas", "dependentRequired"):
            held = node.value.get(keyword)
            if isinstance(held, dict):
                names.update(held)
        names.update(_listed(node.value.get("required")))
        for edge in node.under("propertyNames"):
            names.update(_allowed_names(edge.target.value))
    return frozenset(names)


def _listed(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _allowed_names(value: Any) -> list[str]:
    return _listed([*value.get("enum", ()), value.get("const")]) if isinstance(value, dict) else []
