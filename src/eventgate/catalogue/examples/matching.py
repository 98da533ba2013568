"""Texts that match a regular expression."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import Final

from eventgate.catalogue.examples.budget import MOST_CHARACTERS
from eventgate.catalogue.examples.expressions import (
    Alternatives,
    Characters,
    Expression,
    Repetition,
    Sequence,
    UnreadError,
    parse,
)

_ALPHABETS: Final = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "1234567890")
_MORE: Final = (0, 2, 5, 11, 31, 95)
"""How many repetitions beside the fewest are tried, one number after the other."""


class TooLongError(Exception):
    """The text would be longer than any that is shown."""


def matching(pattern: str, index: int) -> Iterator[str]:
    """Texts that match `pattern`, those with number `index`, shorter ones first; none where it cannot be read."""
    expression = _parsed(pattern)
    if expression is not None:
        for more in _MORE:
            try:
                yield _Writer(index, more).text(expression)
            except TooLongError:
                return


@lru_cache(maxsize=64)
def _parsed(pattern: str) -> Expression | None:
    try:
        expression = parse(pattern)
        return expression if _shortest(expression) <= MOST_CHARACTERS else None
    except (UnreadError, RecursionError, ValueError):
        return None


def _shortest(expression: Expression) -> int:
    """How many characters a text has at least."""
    if isinstance(expression, Characters):
        return 1
    if isinstance(expression, Sequence):
        return sum(map(_shortest, expression.parts))
    if isinstance(expression, Alternatives):
        return min(map(_shortest, expression.ways))
    return expression.least * _shortest(expression.part)


class _Writer:
    """Writes one text. Characters follow each other as in the alphabet, so that a text can be read: AB-1234."""

    def __init__(self, index: int, more: int) -> None:
        self._more = more
        self._written = 0
        self._drawn = {alphabet: count(index) for alphabet in _ALPHABETS}
        self._other = count(index)
        self._index = index

    def text(self, expression: Expression) -> str:
        """A text for `expression`; raises `TooLongError`."""
        if isinstance(expression, Characters):
            self._written += 1
            if self._written > MOST_CHARACTERS:
                raise TooLongError
            return self._character(expression)
        if isinstance(expression, Sequence):
            return "".join([self.text(part) for part in expression.parts])
        if isinstance(expression, Alternatives):
            return self.text(expression.ways[self._index % len(expression.ways)])
        return self._repeated(expression)

    def _repeated(self, expression: Repetition) -> str:
        times = expression.least + self._more
        if expression.most is not None:
            times = min(times, expression.most)
        if times > MOST_CHARACTERS:
            raise TooLongError
        return "".join([self.text(expression.part) for _ in range(times)])

    def _character(self, expression: Characters) -> str:
        for alphabet in _ALPHABETS:
            known = [each for each in alphabet if _holds(expression, ord(each))]
            if known and (len(known) > 5 or len(expression.ranges) == 1):
                return known[next(self._drawn[alphabet]) % len(known)]
        low, high = expression.ranges[0] if expression.ranges else (0, -1)
        if high < low:
            raise TooLongError
        code = low + next(self._other) % (high - low + 1)
        return chr(code if not 0xD800 <= code <= 0xDFFF else 0xE000)


def _holds(expression: Characters, code: int) -> bool:
    return any(low <= code <= high for low, high in expression.ranges)
