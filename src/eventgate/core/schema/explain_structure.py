"""What is wrong with the members of an object or the items of an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any

from eventgate.core.schema.explain_parts import Frame, Part, problem
from eventgate.core.schema.graph import Edge, Node
from eventgate.core.schema.keywords import since
from eventgate.core.schema.problems import count, listed, show
from eventgate.core.schema.validators import Validators


def missing(frame: Frame) -> Iterator[Part]:
    """Members that `required`, `dependentRequired` or `dependencies` want and that are not there."""
    value, instance = frame.node.value, frame.instance
    if not isinstance(instance, dict):
        return
    for name in value.get("required", ()):
        if name not in instance:
            yield problem(frame, "required", f"needs the member {show(name)}", name=name)
    for keyword in ("dependentRequired", "dependencies"):
        if keyword == "dependentRequired" and not since(frame.node.draft, "2019-09"):
            continue
        for trigger, names in value.get(keyword, {}).items():
            if trigger in instance and isinstance(names, list):
                for name in names:
                    if name not in instance:
                        message = f"needs the member {show(name)} where {show(trigger)} is present"
                        yield problem(frame, keyword, message, name=name)


def members(
    frame: Frame, validators: Validators, declared: Set[str], reason: Callable[[Node, Any], str]
) -> Iterator[Part]:
    """Members, and names of members, that the frame's schema refuses. `reason` says why it refuses a name."""
    node, instance = frame.node, frame.instance
    named = {edge.token: edge for edge in node.under("properties")}
    patterns = node.under("patternProperties")
    others = next(iter(node.under("additionalProperties")), None)
    barred = False
    for name, member in instance.items():
        edges = [edge for edge in patterns if validators.matches(str(edge.token), name)]
        if name in named:
            edges.insert(0, named[name])
        if not edges and others is not None:
            if others.target.value is False:
                barred = True
                continue
            edges = [others]
        for edge in edges:
            if not validators.of(edge.target).is_valid(member):
                path = (*frame.path, name if name in declared else "*")
                yield Frame(edge.target, edge.keyword, member, path, frame.brief)
    if barred:
        yield problem(frame, "additionalProperties", _only(named, patterns))
    for edge in node.under("propertyNames"):
        for name in instance:
            if not validators.of(edge.target).is_valid(name):
                why = "no member is allowed" if edge.target.value is False else reason(edge.target, name)
                yield problem(frame, "propertyNames", f"has a member whose name is not allowed: {why}")


def items(frame: Frame, validators: Validators) -> Iterator[Part]:
    """Items that the frame's schema refuses, and too few or too many that it wants to contain."""
    node, instance = frame.node, frame.instance
    positions = [edge for edge in node.edges if edge.keyword in ("prefixItems", "items") and edge.token is not None]
    rest = next((edge for edge in node.under("items") if edge.token is None), None)
    if rest is None and isinstance(node.value.get("items"), list):
        rest = next(iter(node.under("additionalItems")), None)
    for index, edge in enumerate(positions[: len(instance)]):
        if not validators.of(edge.target).is_valid(instance[index]):
            yield Frame(edge.target, edge.keyword, instance[index], (*frame.path, index), frame.brief)
    if rest is not None and len(instance) > len(positions):
        yield from _rest(frame, validators, rest, len(positions))
    for edge in node.under("contains"):
        yield from _contained(frame, validators, edge)


def _rest(frame: Frame, validators: Validators, edge: Edge, start: int) -> Iterator[Part]:
    if edge.target.value is False:
        yield problem(frame, edge.keyword, f"must have at most {count(start, 'item')}")
        return
    is_valid = validators.of(edge.target).is_valid
    for index in range(start, len(frame.instance)):
        if not is_valid(frame.instance[index]):
            yield Frame(edge.target, edge.keyword, frame.instance[index], (*frame.path, index), frame.brief)


def _only(named: dict[str | int | None, Edge], patterns: list[Edge]) -> str:
    allowed = [show(name) for name in named]
    allowed += [f"what matches {show(edge.token)}" for edge in patterns]
    return f"must not have members other than {listed(allowed)}" if allowed else "must not have members"


def _contained(frame: Frame, validators: Validators, edge: Edge) -> Iterator[Part]:
    modern = since(frame.node.draft, "2019-09")
    least = frame.node.value.get("minContains", 1) if modern else 1
    most = frame.node.value.get("maxContains") if modern else None
    judge = validators.of(edge.target)
    found = sum(1 for item in frame.instance if judge.is_valid(item))
    if found < least:
        keyword = "minContains" if modern and "minContains" in frame.node.value else "contains"
        yield problem(frame, keyword, f"must have at least {count(least, 'item')} as contains wants it")
    elif most is not None and found > most:
        yield problem(frame, "maxContains", f"must have at most {count(most, 'item')} as contains wants it")
