"""How long a schema may take to judge an event: a bound that is known before any event comes.

A yes or no takes time that grows with the event and with the schema, but the two multiply: a megabyte of small items
against a thousand alternatives takes half a minute. The bound says which events have to be judged elsewhere.

Judging a value takes at most `fixed` and `per_byte` for each of its bytes. Schemas that judge the same value add both.
A schema that judges members or items adds what the costliest of them takes for a byte; what each of them takes at
least is charged to the comma, the quotes and the colon that it comes with. A member that `properties` names stands
only once in an object: where the object is the only one, what the member takes at least is charged once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from eventgate.core.schema.components import components
from eventgate.core.schema.costs import Cost, own_cost
from eventgate.core.schema.graph import Edge, Node, SchemaGraph

_READ: Final = 1.0
"""For each byte of whatever is judged."""
_ASKED: Final = 4.0
"""How often a schema is asked for an explanation, for once that it is asked for a yes or no."""
_COMPILED: Final = 10_000.0
"""For a schema that is compiled to explain."""
_ITEM_BYTES: Final = 1
_MEMBER_BYTES: Final = 4
"""What an item, or a member besides its name, comes with: commas, quotes, a colon."""
_DEEPEST: Final = 64
"""How often a value is judged at most that each level above it has judged anew: as deep as events may be."""
_MOST_ROUNDS: Final = 50
"""What has not settled by then is taken for what never does."""
_PLACES: Final = ("here", "member", "item", "name")


class Weight(msgspec.Struct, frozen=True):
    """What judging an event takes at most, by `schemas` schemas: `fixed` and `per_byte` nanoseconds."""

    fixed: float
    per_byte: float
    schemas: int

    def seconds(self, size: int) -> float:
        """For an event of `size` bytes."""
        return (self.fixed + self.per_byte * size) * 1e-9

    def explanation(self) -> Weight:
        """What it takes to say why an event does not match: each schema is compiled for that, and asked more often."""
        return Weight(_ASKED * self.fixed + _COMPILED * self.schemas, _ASKED * self.per_byte, self.schemas)

    def bytes_within(self, seconds: float) -> int:
        """The largest event that takes no longer than `seconds`; -1 where none is small enough."""
        return max(-1, int((seconds * 1e9 - self.fixed) / self.per_byte))


def weight_of(graph: SchemaGraph) -> Weight:
    """The bound for events that the root of `graph` judges."""
    nodes = graph.reached()
    own = {node: own_cost(node) for node in nodes}
    everywhere: dict[Node, Cost] = {}
    once: dict[Node, Cost] = {}
    for component in components(nodes, _PLACES):
        first = component[0]
        if len(component) == 1 and all(edge.target is not first for edge in first.edges):
            everywhere[first] = _cost(first, own, everywhere)
            once[first] = _cost_once(first, own, everywhere, once)
        else:
            everywhere.update(_settled(component, own, everywhere))
            once.update({node: everywhere[node] for node in component})
    root = once[graph.root]
    return Weight(root.fixed, root.per_byte + _READ, len(nodes))


def _cost(node: Node, own: Mapping[Node, Cost], costs: Mapping[Node, Cost]) -> Cost:
    """The cost of `node`, however often it judges something."""
    total = own[node]
    listed = _Charges()
    for edge in node.edges:
        if edge.place == "here":
            total += costs[edge.target]
        elif _is_listed(edge):
            listed.either(edge, costs[edge.target])
    return total + _below(node, costs, listed)


def _cost_once(node: Node, own: Mapping[Node, Cost], costs: Mapping[Node, Cost], once: Mapping[Node, Cost]) -> Cost:
    """The cost of `node` where it judges one value only."""
    total = own[node]
    listed = _Charges()
    for edge in node.edges:
        if edge.place == "here":
            total += once[edge.target]
        elif _is_listed(edge):
            total += Cost(once[edge.target].fixed)
            listed.either(edge, msgspec.structs.replace(once[edge.target], fixed=0.0))
    return total + _below(node, costs, listed)


class _Charges:
    """What each byte of members and items is charged: `byte` as it is judged, `fixed` for what it comes with."""

    def __init__(self) -> None:
        self.byte = dict.fromkeys(_PLACES, 0.0)
        self.fixed = dict.fromkeys(_PLACES, 0.0)

    def either(self, edge: Edge, cost: Cost) -> None:
        """Of those that come by such an edge each is judged by one schema."""
        self.byte[edge.place] = max(self.byte[edge.place], cost.per_byte)
        self.fixed[edge.place] = max(self.fixed[edge.place], cost.fixed / _overhead(edge))

    def also(self, edge: Edge, cost: Cost) -> None:
        """All may come by this edge besides."""
        self.byte[edge.place] += cost.per_byte
        self.fixed[edge.place] += cost.fixed / _overhead(edge)


def _below(node: Node, costs: Mapping[Node, Cost], charges: _Charges) -> Cost:
    """What members and items take, those that the schema lists one by one being in `charges`."""
    for edge in node.edges:
        if edge.place in ("member", "item", "name") and not _is_listed(edge):
            charges.also(edge, costs[edge.target])
    byte, fixed = charges.byte, charges.fixed
    in_object = max(byte["member"] + byte["name"], fixed["member"] + fixed["name"])
    return Cost(0.0, in_object, max(byte["item"], fixed["item"]))


def _settled(component: list[Node], own: Mapping[Node, Cost], known: Mapping[Node, Cost]) -> dict[Node, Cost]:
    """The costs of schemas that refer to each other in a circle.

    Where each level adds to what the bytes below it take they do not settle: then every value may be judged once for
    each level above it.
    """
    costs = {**known, **dict.fromkeys(component, Cost())}
    for _ in range(min(2 * len(component) + 2, _MOST_ROUNDS)):
        before = [costs[node] for node in component]
        for node in component:
            costs[node] = _cost(node, own, costs)
        if before == [costs[node] for node in component]:
            return {node: costs[node] for node in component}
    outside = (known[edge.target] for node in component for edge in node.edges if edge.target in known)
    once = sum(cost.fixed + cost.per_byte for cost in (*(own[node] for node in component), *outside))
    return dict.fromkeys(component, Cost(once, once * _DEEPEST, once * _DEEPEST, once))


def _is_listed(edge: Edge) -> bool:
    """Whether at most one member or item of a value comes by this edge."""
    return edge.keyword in ("properties", "prefixItems") or (edge.keyword == "items" and edge.token is not None)


def _overhead(edge: Edge) -> int:
    if edge.place == "item":
        return _ITEM_BYTES
    return _MEMBER_BYTES + (len(str(edge.token)) if edge.keyword == "properties" else 0)
