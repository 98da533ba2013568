"""Arrays: as many items as there have to be, each as its position wants it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from eventgate.catalogue.examples.budget import MOST_ITEMS
from eventgate.catalogue.examples.parts import Demand, Fact, Part
from eventgate.catalogue.examples.place import Place
from eventgate.catalogue.examples.variants import Variant
from eventgate.core.schema.keywords import since
from eventgate.core.schema.unique_items import key

if TYPE_CHECKING:
    from eventgate.catalogue.examples.search import Search

_OTHERS: Final = 8
"""Other values tried for each of the first items where an array does not fit."""


class Arrays:
    """Proposes arrays for one variant at one place."""

    def __init__(self, search: Search, variant: Variant, place: Place) -> None:
        self._search = search
        self._variant = variant
        self._nodes = [each.node for each in variant.facts if each.node is not None]
        self._place = place.item(self._nodes)
        self._outer = place
        values = [each.value for each in variant.facts]
        self._least = max((int(value["minItems"]) for value in values if "minItems" in value), default=0)
        self._most = min((int(value["maxItems"]) for value in values if "maxItems" in value), default=None)
        self._unique = any(value.get("uniqueItems") is True for value in values)
        self._contained = [demand for each in variant.facts for demand in _contained(each)]
        self._contained += [(each.part,) for each in variant.items if not each.every]

    def proposed(self) -> Iterator[list[Any]]:
        """Arrays, the preferred ones first; whether they fit is for the schema to say."""
        prefix = max((_prefix(each) for each in self._variant.facts), default=0)
        wanted = len(self._contained)
        least = max(self._least, wanted)
        if least > MOST_ITEMS or (self._most is not None and self._most < least):
            return
        lengths = [least, least + 1, max(least, prefix)]
        if self._search.taste.full:
            lengths = [max(least, prefix, 0 if self._repeats(prefix) else 1), *lengths]
        offsets = dict.fromkeys((min(prefix, least - wanted), 0)) if wanted else {0: None}
        for length in dict.fromkeys(lengths):
            if self._most is None or length <= self._most:
                for offset in offsets:
                    items = self._items(length, offset)
                    if items is not None:
                        yield items
                        yield from self._others(items, offset)

    def _repeats(self, index: int) -> bool:
        return self._outer.repeats(self._demands(index), self._nodes)

    def _items(self, length: int, offset: int) -> list[Any] | None:
        items: list[Any] = []
        seen: set[Any] = set()
        reused: dict[tuple[Demand, ...], Any] = {}
        for index in range(length):
            demands = self._at(index, offset)
            if not self._unique and demands in reused:
                items.append(reused[demands])
                continue
            for item in self._search.candidates(demands, self._place):
                if not self._unique or key(item) not in seen:
                    break
            else:
                return None
            seen.add(key(item) if self._unique else None)
            items.append(item)
            if all(isinstance(each, Part) for each in demands):
                reused[demands] = item
        return items

    def _others(self, items: list[Any], offset: int) -> Iterator[list[Any]]:
        for index in range(min(len(items), 3)) if self._search.taste.checked else ():
            for other in islice(self._search.candidates(self._at(index, offset), self._place), 1, 1 + _OTHERS):
                yield [*items[:index], other, *items[index + 1 :]]

    def _at(self, index: int, offset: int) -> tuple[Demand, ...]:
        """What the item at `index` must be, where the items that are wanted somewhere begin at `offset`."""
        if 0 <= index - offset < len(self._contained):
            return (*self._contained[index - offset], *self._demands(index, contained=True))
        return (*self._demands(index), *self._kept_out())

    def _kept_out(self) -> Iterator[Demand]:
        yield from (each.part for each in self._variant.items if each.every)
        for each in self._variant.facts:
            if each.node is not None and "maxContains" in each.value and since(each.draft, "2019-09"):
                yield from (Part(edge.target, holds=False) for edge in each.node.under("contains"))

    def _demands(self, index: int, *, contained: bool = False) -> tuple[Demand, ...]:
        """What position alone says. An item that `contains` wants counts as evaluated, from draft 2020-12 on."""
        found: list[Demand] = []
        unevaluated: list[Demand] = []
        evaluated = contained and all(each.draft == "2020-12" for each in self._variant.facts)
        for each in self._variant.facts:
            own = [] if each.node is None else list(_positioned(each, index))
            evaluated = evaluated or bool(own)
            found += own
            if each.node is not None:
                unevaluated += [Part(edge.target) for edge in each.node.under("unevaluatedItems")]
        return (*found, *(() if evaluated else unevaluated))


def _positioned(each: Fact, index: int) -> Iterator[Demand]:
    """What one schema says of the item at `index`."""
    assert each.node is not None  # noqa: S101  # as asked by the caller
    indexed = [*each.node.under("prefixItems"), *(edge for edge in each.node.under("items") if edge.token is not None)]
    if index < len(indexed):
        yield Part(indexed[index].target)
    else:
        rest = [edge for edge in each.node.under("items") if edge.token is None]
        if isinstance(each.value.get("items"), list):
            rest = each.node.under("additionalItems")
        yield from (Part(edge.target) for edge in rest)


def _prefix(each: Fact) -> int:
    if each.node is None:
        return 0
    return len(each.node.under("prefixItems")) + sum(edge.token is not None for edge in each.node.under("items"))


def _contained(each: Fact) -> list[tuple[Demand, ...]]:
    """An entry for each item that `contains` wants."""
    if each.node is None:
        return []
    count = int(each.value.get("minContains", 1)) if since(each.draft, "2019-09") else 1
    return [(Part(edge.target),) for edge in each.node.under("contains") for _ in range(min(count, MOST_ITEMS + 1))]
