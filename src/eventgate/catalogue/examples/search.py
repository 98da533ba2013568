"""The search for a value that a schema takes: proposals, the likely ones first, judged by the schema itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from eventgate.catalogue.examples.arrays import Arrays
from eventgate.catalogue.examples.budget import Budget
from eventgate.catalogue.examples.denial import TYPES
from eventgate.catalogue.examples.numbers import integers, numbers
from eventgate.catalogue.examples.objects import Objects
from eventgate.catalogue.examples.parts import Demand
from eventgate.catalogue.examples.place import Place
from eventgate.catalogue.examples.strings import strings
from eventgate.catalogue.examples.variants import Taste, Variant, variants
from eventgate.core.schema.keywords import since
from eventgate.core.topics import CompiledSchema

MOST_DEPTH: Final = 64
"""Deepest nesting of an example."""
_MOST_VALUES: Final = 2000
"""Values proposed for one place."""
_TELLING: Final = (
    ("object", ("properties", "required", "patternProperties", "additionalProperties", "minProperties")),
    ("array", ("items", "prefixItems", "contains", "minItems", "uniqueItems")),
    ("string", ("pattern", "format", "minLength", "maxLength")),
    ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
)
"""Keywords that show what type is meant where none is named."""


class Search:
    """Proposes values for the schemas that `schema` reaches, as `taste` wants them, within `budget`."""

    def __init__(self, schema: CompiledSchema, taste: Taste, budget: Budget) -> None:
        self.taste = taste
        self.budget = budget
        self._schema = schema
        self._patterns: dict[str, Any] = {}
        nodes = schema.graph.reached()
        self._is_local = not any(
            len(node.under(keyword)) > 1 for node in nodes for keyword in ("$dynamicRef", "$recursiveRef")
        )

    def candidates(self, demands: Sequence[Demand], place: Place) -> Iterator[Any]:
        """Values that meet `demands`, as far as can be said without what is around them."""
        if place.depth > MOST_DEPTH:
            return
        for variant in variants(demands, place.open_nodes, self.taste, self.budget):
            for value in islice(self._proposed(variant, place), _MOST_VALUES):
                self.budget.take()
                if self.fits(variant, value) if self.taste.checked else self._may_fit(variant, value):
                    yield value

    def fits(self, variant: Variant, value: Any) -> bool:
        """Whether `value` is as the schemas of `variant` want it. Where that depends on more than them, it passes."""
        if not self._is_local:
            return True
        self.budget.take(1 + len(variant.facts))
        return all(each.node is None or self._schema.takes(each.node, value) for each in variant.facts) and not any(
            self._schema.takes(each, value) for each in variant.denied
        )

    def _may_fit(self, variant: Variant, value: Any) -> bool:
        """As `fits`, without a look at subschemas: where each was met on the way, that is mostly enough."""
        if isinstance(value, dict | list):
            return True
        self.budget.take(len(variant.facts) // 4)
        return all(each.node is None or self._schema.meets(each.node, value) for each in variant.facts)

    def matches(self, pattern: str, name: str) -> bool:
        """Whether `pattern` is found in `name`."""
        if pattern not in self._patterns:
            options = jsonschema_rs.RegexOptions()
            self._patterns[pattern] = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
        self.budget.take()
        return bool(self._patterns[pattern].is_valid(name))

    def _proposed(self, variant: Variant, place: Place) -> Iterator[Any]:
        values = [each.value for each in variant.facts]
        for each in variant.facts:
            if "const" in each.value and since(each.draft, "6"):
                yield each.value["const"]
                return
        enumerated = [value["enum"] for value in values if "enum" in value]
        if enumerated:
            yield from _rotated([each for each in enumerated[0] if each is not None], self.taste.start)
            yield None
            return
        told = [value for each in variant.facts for value in _told(each.value, modern=since(each.draft, "6"))]
        if self.taste.start:
            told = []
        yield from (value for value in told if self.taste.full or not isinstance(value, dict | list))
        for kind in _kinds(variant, place):
            yield from self._of_kind(kind, variant, place)
        yield from (value for value in told if isinstance(value, dict | list))

    def _of_kind(self, kind: str, variant: Variant, place: Place) -> Iterator[Any]:
        if kind == "object":
            yield from Objects(self, variant, place).proposed()
        elif kind == "array":
            yield from Arrays(self, variant, place).proposed()
        elif kind == "string":
            yield from strings(variant.facts, place.name, self.taste.start, self.budget)
        elif kind == "integer":
            yield from integers(variant.facts, place.name, self.taste.start)
        elif kind == "number":
            yield from numbers(variant.facts, place.name, self.taste.start)
        elif kind == "boolean":
            yield from (True, False)
        else:
            yield None


def _told(value: Any, *, modern: bool) -> Iterator[Any]:
    """Values that the schema itself names as examples or as the default, if they say anything."""
    if modern and isinstance(value.get("examples"), list):
        yield from value["examples"][:10]
    if value.get("default") not in (None, "", [], {}):
        yield value["default"]


def _kinds(variant: Variant, place: Place) -> list[str]:
    """The types to try, the most likely first."""
    allowed = variant.types
    order: list[str] = []
    for each in variant.facts:
        named = each.value.get("type", ())
        order += [named] if isinstance(named, str) else named
    if not order:
        order += ["object"] if variant.members or not place.depth else []
        order += ["array"] if variant.items else []
        order += [
            kind
            for kind, keywords in _TELLING
            if any(keyword in each.value for each in variant.facts for keyword in keywords)
        ]
        order += ["string", "integer", "object", "array", "boolean", "number"]
    order = [each for each in (*order, *TYPES) if each in allowed and each != "null"]
    if "null" in allowed:
        order.append("null")
    return list(dict.fromkeys(order))


def _rotated(values: list[Any], start: int) -> list[Any]:
    first = start % len(values) if values else 0
    return values[first:] + values[:first]
