"""Numbers within bounds, and multiples of what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice
from math import ceil, floor, gcd, lcm
from typing import Any, Final

from eventgate.catalogue.examples.parts import Fact
from eventgate.catalogue.examples.words import words_of

_MOST: Final = 600
"""Numbers proposed for one place."""
_MOMENT: Final = 1767225600
"""2026-01-01T00:00:00Z in seconds."""
_MOMENTS: Final = frozenset({"timestamp", "epoch", "at", "time"})
_ENDS: Final = frozenset({"end", "ended", "finish", "finished", "completed", "until"})
_MONEY: Final = frozenset({"amount", "price", "cost", "total", "fee"})
_LARGEST: Final = 10**300


class _Bounds:
    """What a number may be: from `low` to `high`, each perhaps left out itself, in steps of `step`."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.low: tuple[Fraction, bool] | None = None
        self.high: tuple[Fraction, bool] | None = None
        self.step: Fraction | None = None
        for each in facts:
            self._add(each)

    def _add(self, given: Fact) -> None:
        value = given.value
        for keyword, raise_bound in (("minimum", True), ("maximum", False)):
            exclusive = value.get("exclusive" + keyword.capitalize())
            if keyword in value:
                self._bound(_exact(value[keyword]), outside=given.draft == "4" and exclusive is True, low=raise_bound)
            if exclusive is not None and not isinstance(exclusive, bool) and given.draft != "4":
                self._bound(_exact(exclusive), outside=True, low=raise_bound)
        if "multipleOf" in value:
            step = _exact(value["multipleOf"])
            self.step = step if self.step is None else _common(self.step, step)

    def _bound(self, limit: Fraction, *, outside: bool, low: bool) -> None:
        if low:
            self.low = max(self.low or (limit, outside), (limit, outside))
        else:
            self.high = min(self.high or (limit, not outside), (limit, not outside))

    def within(self, number: Fraction) -> bool:
        """Whether `number` is between the bounds."""
        above = self.low is None or number > self.low[0] or (number == self.low[0] and not self.low[1])
        below = self.high is None or number < self.high[0] or (number == self.high[0] and self.high[1])
        return above and below

    def multiples(self, step: Fraction) -> Iterator[Fraction]:
        """Multiples of `step` within the bounds: upwards from 1 or the lower end, then downwards."""
        first = 1
        if self.low is not None:
            first = max(1, ceil(self.low[0] / step)) if self._reaches(step) else ceil(self.low[0] / step)
        elif self.high is not None:
            first = min(1, floor(self.high[0] / step))
        yield from (step * each for each in range(first, first + _MOST))
        yield from (step * each for each in range(first - 1, first - _MOST, -1))

    def _reaches(self, step: Fraction) -> bool:
        """Whether a positive multiple is still below the upper end."""
        return self.high is None or self.high[0] >= step

    def between(self) -> Iterator[Fraction]:
        """Numbers between the bounds that need not be whole."""
        low = self.low[0] if self.low is not None else (self.high[0] - 2 if self.high is not None else Fraction(0))
        high = self.high[0] if self.high is not None else low + 2
        yield from (low + (high - low) * share / 20 for share in (10, 15, 5, *range(1, 20)))
        yield from (low, high)


def integers(facts: Sequence[Fact], name: str, start: int) -> Iterator[int]:
    """Whole numbers for a member called `name`, from the number `start` on; whether they fit, the schema says."""
    bounds = _Bounds(facts)
    step = Fraction(1) if bounds.step is None else _common(bounds.step, Fraction(1))
    hinted = [each for each in _hints(name) if (each / step).denominator == 1]
    found = (each for each in chain(hinted, bounds.multiples(step)) if bounds.within(each) and abs(each) < _LARGEST)
    yield from (int(each) for each in _from(found, start))


def numbers(facts: Sequence[Fact], name: str, start: int) -> Iterator[int | float]:
    """Numbers that need not be whole, likewise."""
    bounds = _Bounds(facts)
    if words_of(name)[-1:] and words_of(name)[-1] in _MONEY and bounds.step is None:
        for cents in (1999 + 100 * start, 199, 19):
            if bounds.within(Fraction(cents, 100)):
                yield cents / 100
    found: Iterator[Fraction]
    if bounds.step is not None:
        found = (each for each in bounds.multiples(bounds.step) if bounds.within(each))
    else:
        whole = (Fraction(number) for number in integers(facts, name, 0))
        found = chain(islice(whole, 1), (each for each in bounds.between() if bounds.within(each)), whole)
    for number in _from(found, start):
        if abs(number) < _LARGEST:
            yield int(number) if number.denominator == 1 else float(number)


def _from(found: Iterator[Fraction], start: int) -> Iterator[Fraction]:
    """What is `found`, the first `start` of it at the end."""
    skipped = list(islice(found, start))
    yield from found
    yield from skipped


def _hints(name: str) -> Iterator[Fraction]:
    words = words_of(name)
    if words and (words[-1] in _MOMENTS or "timestamp" in words):
        moment = _MOMENT + 3600 * bool(_ENDS.intersection(words))
        yield Fraction(moment * (1 if "seconds" in words else 1000))


def _exact(value: Any) -> Fraction:
    """The number that the text of a schema says: 0.1 is a tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The smallest number that is a multiple of both."""
    return Fraction(lcm(one.numerator, other.numerator), gcd(one.denominator, other.denominator))
