"""What a schema says of an object's members, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eventgate.catalogue.examples.parts import Demand, Fact, Part, fact
from eventgate.catalogue.examples.variants import Variant
from eventgate.core.schema.graph import Node
from eventgate.core.schema.keywords import since

EVENT_ID = fact(type=["string", "integer"], minLength=1, maxLength=255)
"""What a gate takes as an event's id (docs/api.md)."""


class Members:
    """The members that an object may have in one variant. `matches` says whether a pattern is found in a name."""

    def __init__(self, variant: Variant, matches: Callable[[str, str], bool], event_id: tuple[str, ...] | None) -> None:
        self._variant = variant
        self._matches = matches
        self._event_id = event_id
        self._properties = [_targets(each) for each in variant.facts]
        self.declared = list(dict.fromkeys(name for targets in self._properties for name in targets))
        self._dependent = _dependent(variant.facts)
        values = [each.value for each in variant.facts]
        self.least = max((int(value["minProperties"]) for value in values if "minProperties" in value), default=0)
        self.most = min((int(value["maxProperties"]) for value in values if "maxProperties" in value), default=None)

    def required(self) -> set[str]:
        """The names that have to be there, those that follow from others among them."""
        return self.closed(self._variant.required)

    def closed(self, names: Iterable[str]) -> set[str]:
        """`names` and those that have to be there if they are."""
        found = set(names)
        pending = [name for name in found if name in self._dependent]
        while pending:
            name = pending.pop()
            new = [wanted for wanted in self._dependent.get(name, ()) if wanted not in found]
            found.update(new)
            pending += new
        return found

    def demands(self, name: str) -> tuple[Demand, ...]:
        """What the member `name` must be."""
        found: list[Demand] = [each.part for each in self._variant.members if each.name == name and each.part]
        evaluated = False
        unevaluated: list[Demand] = []
        for each, targets in zip(self._variant.facts, self._properties, strict=True):
            if each.node is None:
                continue
            own: list[Demand] = [Part(targets[name])] if name in targets else []
            for edge in each.node.under("patternProperties") if "patternProperties" in each.value else ():
                own += [Part(edge.target)] if self._matches(str(edge.token), name) else []
            own = own or _others(each, "additionalProperties")
            evaluated = evaluated or bool(own)
            found += own
            unevaluated += _others(each, "unevaluatedProperties")
        if self._event_id == (name,):
            found.append(EVENT_ID)
        return (*found, *(() if evaluated else unevaluated))

    def may_have(self, name: str) -> bool:
        """Whether nothing forbids the member `name` outright."""
        if name in self._variant.forbidden:
            return False
        return not any(isinstance(each, Part) and each.node.value is False for each in self.demands(name))

    def patterns(self) -> list[str]:
        """The patterns of names that the schema has."""
        return [str(name) for each in self._variant.facts for name in each.value.get("patternProperties", ())]

    def names(self) -> tuple[Demand, ...]:
        """What every name must be."""
        return tuple(demand for each in self._variant.facts for demand in _others(each, "propertyNames"))

    def is_deprecated(self, name: str) -> bool:
        """Whether the schema says that the member is not to be used any more."""
        values = [targets[name].value for targets in self._properties if name in targets]
        return any(isinstance(value, dict) and value.get("deprecated") is True for value in values)


def _targets(each: Fact) -> dict[str, Node]:
    if each.node is None or "properties" not in each.value:
        return {}
    return {str(edge.token): edge.target for edge in each.node.under("properties")}


def _others(each: Fact, keyword: str) -> list[Demand]:
    """What the schema under `keyword` says, looked for only where there is one: there may be thousands of edges."""
    if each.node is None or keyword not in each.value:
        return []
    return [Part(edge.target) for edge in each.node.under(keyword)]


def _dependent(facts: Iterable[Fact]) -> dict[str, list[str]]:
    """For each name the names that have to be there with it."""
    found: dict[str, list[str]] = {}
    for each in facts:
        keywords = ("dependencies", "dependentRequired") if since(each.draft, "2019-09") else ("dependencies",)
        for keyword in keywords:
            for name, names in each.value.get(keyword, {}).items():
                if isinstance(names, list):
                    found.setdefault(name, []).extend(names)
    return found
