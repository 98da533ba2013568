"""The ways in which the schemas of one place can all be met: every choice made, in the order of preference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from eventgate.catalogue.examples.budget import Budget
from eventgate.catalogue.examples.denial import TYPES, denials
from eventgate.catalogue.examples.parts import Choice, Demand, Fact, Forbidden, Item, Member, Part, fact
from eventgate.core.schema.graph import Node
from eventgate.core.schema.keywords import since
from eventgate.core.schema.unique_items import key

REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_MANY: Final = 100
_SCHEMA: Final = fact(const={"type": "object"})
"""A value that every draft's meta-schema takes."""


class Taste(NamedTuple):
    """What is looked for.

    `full`: with what may be left out. `checked`: each object and array is judged by itself, so that another is tried
    where it does not fit. `strict`: alternatives of `oneOf` that are not chosen are avoided on purpose. `start`: which
    of the values that fit is taken, so that examples differ.
    """

    full: bool = False
    checked: bool = False
    strict: bool = False
    start: int = 0


class Variant(NamedTuple):
    """One way to meet everything. `denied` are schemas that the value must not match.

    `required` are names of members that have to be there; `listed` has the values that are left of members with an
    `enum` or a `const`.
    """

    facts: tuple[Fact, ...] = ()
    denied: tuple[Node, ...] = ()
    forbidden: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    listed: Mapping[str, frozenset[Any]] = {}
    members: tuple[Member, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether nothing contradicts itself, as far as can be seen without a value."""
        types = self.types
        if types != {"object"}:
            return bool(types)
        return not self.required & self.forbidden and all(self.listed.get(name, True) for name in self.required)

    @property
    def types(self) -> frozenset[str]:
        """The types that all facts allow, `number` standing for those that are no integers."""
        allowed = frozenset(TYPES)
        for each in self.facts:
            if "type" in each.value:
                named = each.value["type"]
                names = {named} if isinstance(named, str) else set(named)
                allowed &= names | ({"integer"} if "number" in names else set())
        return allowed


def variants(demands: Sequence[Demand], open_nodes: frozenset[Node], taste: Taste, budget: Budget) -> Iterator[Variant]:
    """Every way to meet `demands` together. Choices that lead into `open_nodes` once more come last."""
    stack: list[tuple[tuple[Demand, ...], Variant]] = [(tuple(demands), Variant())]
    while stack:
        pending, variant = stack.pop()
        budget.take()
        ways: tuple[tuple[Demand, ...], ...] = ((),)
        while pending and len(ways) == 1:
            demand, pending = pending[0], pending[1:]
            variant, ways = _meet(variant, demand, open_nodes, taste)
            if len(ways) == 1:
                pending = (*ways[0], *pending)
                budget.take()
        if len(ways) == 1:
            if variant.is_possible:
                yield variant
        elif variant.is_possible:
            stack += [((*way, *pending), variant) for way in reversed(ways)]


def _meet(
    variant: Variant, demand: Demand, open_nodes: frozenset[Node], taste: Taste
) -> tuple[Variant, tuple[tuple[Demand, ...], ...]]:
    """`variant` with what `demand` says at once, and the ways to go on; there is none where nothing meets it."""
    if isinstance(demand, Part):
        if not demand.holds:
            return variant._replace(denied=(*variant.denied, demand.node)), denials(demand.node)
        return _hold(variant, demand.node, open_nodes, taste)
    if isinstance(demand, Fact):
        variant = _with_fact(variant, demand)
    elif isinstance(demand, Forbidden):
        variant = variant._replace(forbidden=variant.forbidden | {demand.name})
    elif isinstance(demand, Member):
        required = variant.required | {demand.name}
        variant = variant._replace(members=(*variant.members, demand), required=required)
    elif isinstance(demand, Item):
        variant = variant._replace(items=(*variant.items, demand))
    else:
        return variant, demand.ways
    return variant, ((),)


def _with_fact(variant: Variant, added: Fact) -> Variant:
    listed = dict(variant.listed)
    for edge in () if added.node is None else added.node.under("properties"):
        values = _listed(edge.target)
        if values is not None:
            name = str(edge.token)
            listed[name] = listed.get(name, values) & values
    required = variant.required | frozenset(added.value.get("required", ()))
    return variant._replace(facts=(*variant.facts, added), required=required, listed=listed)


def _listed(node: Node) -> frozenset[Any] | None:
    """The values that `node` names, in a form that can be compared; None where it names none, or very many."""
    if not isinstance(node.value, dict) or "$ref" in node.value:
        return None
    values = node.value.get("enum")
    if "const" in node.value and since(node.draft, "6"):
        values = [node.value["const"]]
    return frozenset(map(key, values)) if isinstance(values, list) and len(values) <= _MANY else None


def _hold(
    variant: Variant, node: Node, open_nodes: frozenset[Node], taste: Taste
) -> tuple[Variant, tuple[tuple[Demand, ...], ...]]:
    if node.meta is not None:
        return variant._replace(facts=(*variant.facts, _SCHEMA)), ((),)
    if not isinstance(node.value, dict):
        return variant, (((),) if node.value else ())
    demands: list[Demand] = []
    for keyword in REFERENCES:
        if node.under(keyword):
            demands.append(_one_of([(Part(edge.target),) for edge in node.under(keyword)]))
    if since(node.draft, "2019-09") or "$ref" not in node.value:
        variant = _with_fact(variant, Fact(node.value, node.draft, node))
        demands += _composed(node, open_nodes, taste)
    return variant, (tuple(demands),)


def _composed(node: Node, open_nodes: frozenset[Node], taste: Taste) -> Iterator[Demand]:
    yield from (Part(edge.target) for edge in node.under("allOf"))
    yield from (Part(edge.target, holds=False) for edge in node.under("not"))
    for keyword in ("anyOf", "oneOf"):
        targets = [edge.target for edge in node.under(keyword)]
        if targets:
            avoided = taste.strict and keyword == "oneOf"
            ordered = sorted(targets, key=lambda each: _reluctance(each, open_nodes))
            yield _one_of(
                [
                    (Part(each), *(Part(other, holds=False) for other in targets if avoided and other is not each))
                    for each in ordered
                ]
            )
    yield from _conditional(node)
    for edge in (*node.under("dependencies"), *node.under("dependentSchemas")):
        without, there = (Forbidden(str(edge.token)),), (Part(edge.target),)
        if edge.token in node.value.get("required", ()):
            yield Part(edge.target)
        else:
            yield Choice((there, without) if taste.full else (without, there))


def _conditional(node: Node) -> Iterator[Demand]:
    then, otherwise = ([Part(edge.target) for edge in node.under(keyword)] for keyword in ("then", "else"))
    for edge in node.under("if") if then or otherwise else ():
        yield Choice(((Part(edge.target), *then), (Part(edge.target, holds=False), *otherwise)))


def _one_of(ways: Sequence[tuple[Demand, ...]]) -> Demand:
    only = ways[0]
    return only[0] if len(ways) == 1 and len(only) == 1 else Choice(tuple(ways))


def _reluctance(node: Node, open_nodes: frozenset[Node]) -> int:
    """What is open already comes after the rest, and null, which says little, after what says more."""
    if any(each in open_nodes for each in leads_to(node)):
        return 2
    return int(isinstance(node.value, dict) and node.value.get("type") == "null")


def leads_to(node: Node) -> set[Node]:
    """`node` and the schemas that judge the same value whatever is chosen."""
    found = {node}
    pending = [node]
    while pending:
        for edge in pending.pop().edges:
            if edge.keyword in (*REFERENCES, "allOf") and edge.target not in found:
                found.add(edge.target)
                pending.append(edge.target)
    return found
