"""Objects: the members that have to be there, and those that may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from eventgate.catalogue.examples.budget import MOST_ITEMS
from eventgate.catalogue.examples.matching import matching
from eventgate.catalogue.examples.members import Members
from eventgate.catalogue.examples.parts import fact
from eventgate.catalogue.examples.place import Place
from eventgate.catalogue.examples.variants import Variant
from eventgate.catalogue.examples.words import names

if TYPE_CHECKING:
    from eventgate.catalogue.examples.search import Search

_OTHERS: Final = 50
"""Other values tried for each member where an object does not fit."""
_NAME: Final = fact(type="string")


class Objects:
    """Proposes objects for one variant at one place."""

    def __init__(self, search: Search, variant: Variant, place: Place) -> None:
        self._search = search
        self._variant = variant
        self._place = place
        self._nodes = [each.node for each in variant.facts if each.node is not None]
        self._members = Members(variant, search.matches, place.event_id)
        self._values: dict[str, list[Any]] = {}

    def proposed(self) -> Iterator[dict[str, Any]]:
        """Objects, the preferred ones first; whether they fit is for the schema to say."""
        required = self._members.required()
        if self._place.event_id and self._members.may_have(self._place.event_id[0]):
            required = self._members.closed({*required, self._place.event_id[0]})
        if not all(self._first(name) for name in required):
            return
        least = self._least(required)
        if least is None:
            return
        if self._search.taste.full:
            yield self._built(self._filled(least))
        if self._search.taste.checked:
            yield from self._judged(least)
        else:
            yield self._built(least)

    def _judged(self, least: set[str]) -> Iterator[dict[str, Any]]:
        """Members are added one by one as long as the object still fits, else others are tried."""
        if self._fits(least):
            if self._search.taste.full:
                chosen = set(least)
                for name in self._optional(least):
                    more = set(chosen)
                    self._add(name, more)
                    if len(more) > len(chosen) and self._fits(more):
                        chosen = more
                yield self._built(chosen)
            yield self._built(least)
        else:
            for name in self._optional(least):
                if self._first(name):
                    yield self._built(self._members.closed({*least, name}))
        whole = self._built(least)
        for name in whole:
            for other in self._alternatives(name):
                yield {**whole, name: other}

    def _fits(self, chosen: set[str]) -> bool:
        return self._search.fits(self._variant, self._built(chosen))

    def _least(self, required: set[str]) -> set[str] | None:
        """`required`, and as many more as there have to be; None where there cannot be so many."""
        chosen = set(required)
        most = self._members.most
        for name in self._extra(chosen) if len(chosen) < self._members.least <= MOST_ITEMS else ():
            if len(chosen) >= self._members.least:
                break
            self._add(name, chosen)
        too_many = most is not None and len(chosen) > most
        return None if too_many or len(chosen) < self._members.least else chosen

    def _add(self, name: str, chosen: set[str]) -> None:
        """Take the member `name`, and what has to come with it, into `chosen` if they all have values."""
        new = self._members.closed((name,)) - chosen
        fits = self._members.most is None or len(chosen) + len(new) <= self._members.most
        if fits and all(self._first(each) for each in new):
            chosen |= new

    def _extra(self, chosen: Iterable[str]) -> Iterator[str]:
        """Names that an object may take beside `chosen`: declared ones, then any."""
        taken = set(chosen)
        yield from (name for name in self._members.declared if name not in taken and self._members.may_have(name))
        wanted = self._members.names()
        sources: list[Iterator[str]] = []
        if wanted:
            found = self._search.candidates((_NAME, *wanted), Place(self._place.depth + 1, "name"))
            sources.append(each for each in found if isinstance(each, str))
        for pattern in self._members.patterns():
            sources.append(text for index in range(MOST_ITEMS) for text in matching(pattern, index))
        sources.append(islice(names(), MOST_ITEMS))
        for source in sources:
            for name in islice(source, MOST_ITEMS):
                self._search.budget.take()
                if name not in taken and self._members.may_have(name):
                    taken.add(name)
                    yield name

    def _filled(self, least: set[str]) -> set[str]:
        chosen = set(least)
        for name in self._optional(least):
            self._add(name, chosen)
        return chosen

    def _optional(self, chosen: set[str]) -> Iterator[str]:
        """Declared members beside `chosen`, without those that would go on for ever and those that are to go."""
        for name in self._members.declared[:MOST_ITEMS]:
            if name not in chosen and self._members.may_have(name):
                demands = self._members.demands(name)
                if not self._place.repeats(demands, self._nodes) and not self._members.is_deprecated(name):
                    yield name

    def _first(self, name: str) -> list[Any]:
        """The value of the member `name` in a list, which is empty where there is none."""
        if name not in self._values:
            may = self._members.may_have(name)
            self._values[name] = list(islice(self._candidates(name), 1)) if may else []
        return self._values[name]

    def _alternatives(self, name: str) -> Iterator[Any]:
        yield from islice(self._candidates(name), 1, 1 + _OTHERS)

    def _candidates(self, name: str) -> Iterator[Any]:
        return self._search.candidates(self._members.demands(name), self._place.member(name, self._nodes))

    def _built(self, chosen: set[str]) -> dict[str, Any]:
        """The object with the members `chosen`, in the order in which the schema declares them."""
        ordered = [name for name in self._members.declared if name in chosen]
        ordered += sorted(chosen.difference(ordered))
        return {name: self._first(name)[0] for name in ordered}
