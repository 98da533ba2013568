"""Regular expressions taken apart, as far as it takes to write texts that match them.

What is read is the common part of ECMA 262's and the linear engine's syntax. A text made from it is a proposal: the
topic's schema judges it, so whatever is misread here costs an example and never makes a wrong one.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

_LAST: Final = 0x10FFFF
_DIGITS: Final = ((48, 57),)
_WORD: Final = ((97, 122), (48, 57), (65, 90), (95, 95))
_SPACE: Final = ((32, 32), (9, 13), (0xA0, 0xA0))
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_PROPERTIES: Final = {
    "L": ((97, 122), (65, 90)),
    "Lu": ((65, 90),),
    "Ll": ((97, 122),),
    "N": _DIGITS,
    "Nd": _DIGITS,
    "P": ((33, 47), (58, 64)),
    "S": ((36, 36), (43, 43)),
    "Z": ((32, 32),),
    "Letter": ((97, 122), (65, 90)),
    "Uppercase_Letter": ((65, 90),),
    "Lowercase_Letter": ((97, 122),),
    "Number": _DIGITS,
    "Alphabetic": ((97, 122), (65, 90)),
    "ASCII": ((32, 126),),
}
"""Some characters of each, where others have the property as well."""
_CONTROLS: Final = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "a": 7, "0": 0}
_COUNT: Final = re.compile(r"\{([0-9]{1,6})(,?)([0-9]{0,6})\}")
_GROUP: Final = re.compile(r"\((?:\?(?:P?<[A-Za-z_][A-Za-z0-9_]*>|[imsux-]*:))?")
_HEX: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|[xu]\{([0-9A-Fa-f]{1,6})\}")
_PROPERTY: Final = re.compile(r"[pP](?:\{(?:(?:gc|General_Category|Script|sc)=)?([A-Za-z_]+)\}|([A-Z]))")

Ranges: TypeAlias = tuple[tuple[int, int], ...]


class Characters(NamedTuple):
    """One character of any of `ranges`, whose ends are included."""

    ranges: Ranges


class Sequence(NamedTuple):
    """`parts`, one after the other."""

    parts: tuple[Expression, ...]


class Alternatives(NamedTuple):
    """One of `ways`."""

    ways: tuple[Expression, ...]


class Repetition(NamedTuple):
    """`part`, from `least` to `most` times; without an upper end where `most` is None."""

    part: Expression
    least: int
    most: int | None


Expression: TypeAlias = "Characters | Sequence | Alternatives | Repetition"


class UnreadError(Exception):
    """Something in an expression that is not read here."""


def parse(pattern: str) -> Expression:
    """The expression `pattern`; raises `UnreadError`."""
    reader = _Reader(pattern)
    expression = reader.alternatives(0)
    if reader.at < len(pattern):
        raise UnreadError
    return expression


class _Reader:
    """Reads `text` from `at` on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def alternatives(self, depth: int) -> Expression:
        """Up to a closing parenthesis or the end."""
        if depth > 50:
            raise UnreadError
        ways = [self._sequence(depth)]
        while self._next("|"):
            ways.append(self._sequence(depth))
        return ways[0] if len(ways) == 1 else Alternatives(tuple(ways))

    def _sequence(self, depth: int) -> Expression:
        parts: list[Expression] = []
        while self.at < len(self._text) and self._text[self.at] not in "|)":
            part = self._atom(depth)
            if part is not None:
                parts.append(self._repeated(part))
        return Sequence(tuple(parts))

    def _atom(self, depth: int) -> Expression | None:
        """One atom; None for an anchor, which a whole text meets by itself."""
        character = self._text[self.at]
        if character == "(":
            return self._group(depth)
        self.at += 1
        if character in "^$":
            return None
        if character == ".":
            return Characters(((97, 122), (32, 126)))
        if character == "[":
            return Characters(self._class())
        if character == "\\":
            if self._text[self.at : self.at + 1] in ("b", "B", "A", "z", "Z"):
                self.at += 1
                return None
            return Characters(self._escape())
        return Characters(((ord(character), ord(character)),))

    def _group(self, depth: int) -> Expression:
        opening = _GROUP.match(self._text, self.at)
        if opening is None or self._text[opening.end() : opening.end() + 1] == "?":
            raise UnreadError
        self.at = opening.end()
        inner = self.alternatives(depth + 1)
        if not self._next(")"):
            raise UnreadError
        return inner

    def _repeated(self, part: Expression) -> Expression:
        least: int = 0
        most: int | None = None
        if self._next("*"):
            pass
        elif self._next("+"):
            least = 1
        elif self._next("?"):
            most = 1
        elif (counted := _COUNT.match(self._text, self.at)) is not None:
            self.at = counted.end()
            least = int(counted[1])
            most = int(counted[3]) if counted[3] else (None if counted[2] else least)
        else:
            return part
        self._next("?")
        return Repetition(part, least, most)

    def _class(self) -> Ranges:
        negated = self._next("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self._next("]"):
            first = False
            ranges += self._member()
        found = tuple(ranges)
        return complement(found) if negated else found

    def _member(self) -> Ranges:
        low = self._class_atom()
        if self._text[self.at : self.at + 1] != "-" or self._text[self.at + 1 : self.at + 2] in ("]", ""):
            return low
        self.at += 1
        high = self._class_atom()
        return ((low[0][0], high[0][0]),) if len(low) == len(high) == 1 else (*low, (45, 45), *high)

    def _class_atom(self) -> Ranges:
        if self.at >= len(self._text) or self._text[self.at] == "[" or self._text.startswith("&&", self.at):
            raise UnreadError
        character = self._text[self.at]
        self.at += 1
        if character == "\\":
            return self._escape()
        return ((ord(character), ord(character)),)

    def _escape(self) -> Ranges:
        if (coded := _HEX.match(self._text, self.at)) is not None:
            self.at = coded.end()
            code = int(coded[1] or coded[2] or coded[3], 16)
            return ((code, code),)
        if (named := _PROPERTY.match(self._text, self.at)) is not None:
            inverted = self._text[self.at] == "P"
            self.at = named.end()
            ranges = _PROPERTIES.get(named[1] or named[2])
            if ranges is None:
                raise UnreadError
            return complement(ranges) if inverted else ranges
        character = self._text[self.at : self.at + 1]
        self.at += 1
        if not character:
            raise UnreadError
        if character.lower() in _CLASSES:
            ranges = _CLASSES[character.lower()]
            return ranges if character.islower() else complement(ranges)
        code = _CONTROLS.get(character, ord(character))
        return ((code, code),)

    def _next(self, wanted: str) -> bool:
        found = self._text.startswith(wanted, self.at)
        self.at += len(wanted) * found
        return found


def complement(ranges: Ranges) -> Ranges:
    """Every other character, those that can be seen first."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    if start <= _LAST:
        gaps.append((start, _LAST))
    seen = [(max(low, 32), min(high, 126)) for low, high in gaps if low <= 126 and high >= 32]
    return (*seen, *gaps)
