"""How much work a schema can make: what is seen before any event comes.

Three things matter. A schema that refers to itself for the same part of an event never ends. One that reaches the
same part on thousands of ways is too slow. And one that recurses on two ways at once for the same part ("branching")
doubles the number of errors with every level, so that only the first is told.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import jsonschema_rs

from eventgate.core.schema.components import components
from eventgate.core.schema.graph import Edge, Node, SchemaGraph

MAX_PATHS: Final = 10_000
"""Ways through a schema on which one part of an event may be judged."""
_MAX_VISITS: Final = 200_000
_HERE: Final = "here"
_CHILD: Final = ("member", "item")


class Shape:
    """Raises `SchemaError` for a schema that never ends or has too many paths; `branching` as above."""

    def __init__(self, graph: SchemaGraph) -> None:
        self._nodes = graph.reached()
        self._in_place: dict[Node, int] = {}
        self._check_ends()
        self._check_paths(graph.root)
        self.branching = self._is_branching()

    def _check_ends(self) -> None:
        for component in components(self._nodes, (_HERE,)):
            first = component[0]
            if len(component) > 1 or any(e.target is first and e.place == _HERE for e in first.edges):
                node = min(component, key=lambda each: (each.resource.document.name, str(each.tokens)))
                message = "the schema refers to itself for the same value, which never ends"
                raise node.resource.document.fault(message, node.tokens)

    def _check_paths(self, root: Node) -> None:
        """Counts ways to one part of an event: all that apply together are added, of other parts the largest counts."""
        counts: dict[Node, int] = {}
        pending = [(root, False)]
        open_nodes: set[Node] = set()
        while pending:
            node, is_ready = pending.pop()
            if is_ready:
                open_nodes.discard(node)
                counts[node] = total = _paths(node, counts)
                if total > MAX_PATHS:
                    message = f"the schema judges one value on more than {MAX_PATHS} ways"
                    raise node.resource.document.fault(message, node.tokens)
            elif node not in counts and node not in open_nodes:
                open_nodes.add(node)
                pending.append((node, True))
                pending.extend((edge.target, False) for edge in _judging(node))

    def _is_branching(self) -> bool:
        visits = 0
        for component in components(self._nodes, (_HERE, *_CHILD)):
            inside = set(component)
            for node in component:
                steps: list[tuple[Node, Edge]] = []
                pending = [node]
                while pending:
                    visits += 1
                    if visits > _MAX_VISITS:
                        return True
                    each = pending.pop()
                    pending.extend(e.target for e in _dynamic_once(each) if e.place == _HERE)
                    steps += [(each, e) for e in each.edges if e.place in _CHILD and e.target in inside]
                if _overlap(steps):
                    return True
        return False


def _dynamic_once(node: Node) -> list[Edge]:
    """The edges of `node` with one target for each dynamic reference, which means one at a time."""
    dynamic: set[str] = set()
    edges = []
    for edge in node.edges:
        if edge.keyword in ("$dynamicRef", "$recursiveRef"):
            if edge.keyword in dynamic:
                continue
            dynamic.add(edge.keyword)
        edges.append(edge)
    return edges


def _judging(node: Node) -> list[Edge]:
    return [edge for edge in node.edges if edge.place != "nowhere"]


def _paths(node: Node, counts: dict[Node, int]) -> int:
    # A node that is not counted yet is further up on this way: recursion, of which `branching` is the measure.
    here = sum(counts.get(edge.target, 1) for edge in _dynamic_once(node) if edge.place == _HERE)
    by_part: Counter[str | int | None] = Counter()
    shared = 0
    for edge in node.edges:
        if edge.place in _CHILD:
            if edge.keyword in ("properties", "prefixItems") or (edge.keyword == "items" and edge.token is not None):
                by_part[edge.token] += counts.get(edge.target, 1)
            else:
                shared += counts.get(edge.target, 1)
    return 1 + here + shared + max(by_part.values(), default=0)


def _overlap(steps: list[tuple[Node, Edge]]) -> bool:
    """Whether two of `steps`, each of the schema it starts in, may lead to the same member or item."""
    exact: set[tuple[str, str | int]] = set()
    open_ended: dict[str, list[tuple[Node, Edge]]] = {"member": [], "item": []}
    for node, edge in steps:
        if edge.keyword in ("properties", "prefixItems") or (edge.keyword == "items" and edge.token is not None):
            assert edge.token is not None  # noqa: S101 - what the condition means
            if (edge.place, edge.token) in exact:
                return True
            exact.add((edge.place, edge.token))
        else:
            open_ended[edge.place].append((node, edge))
    if any(len(each) > 1 for each in open_ended.values()):
        return True
    return any(_reaches(open_ended[place], place, token, steps) for place, token in exact)


def _starts(steps: list[tuple[Node, Edge]], place: str, token: str | int) -> list[Node]:
    return [node for node, edge in steps if edge.place == place and edge.token == token]


def _reaches(open_ended: list[tuple[Node, Edge]], place: str, token: str | int, steps: list[tuple[Node, Edge]]) -> bool:
    """Whether the one open-ended step of `place`, if any, may lead to `token` as well."""
    for node, edge in open_ended:
        if edge.keyword == "patternProperties":
            if jsonschema_rs.is_valid({"pattern": str(edge.token)}, str(token)):
                return True
        elif edge.keyword == "contains" or any(
            own is not node for own, each in steps if each.place == place and each.token == token
        ):
            return True
    return False
