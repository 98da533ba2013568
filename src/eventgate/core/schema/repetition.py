"""How often a pattern repeats what it repeats: linear time is no help where the factor is in the thousands.

`(x{1,50}){1,50}` stands for 2,500 places at each of which a text may be at once, and the engine asks all of them for
each character: a second for 10 KB. With something in between that ends one repetition, as in `([a-z]{1,50}\\.){1,50}`,
a text is in one place only.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import jsonschema_rs

MOST_PLACES: Final = 1000
_TOKEN = re.compile(
    r"""\\[pP]\{[^}]*\}|\\[xuU]\{[^}]*\}|\\.   # an escape
      | \(\?[a-zA-Z-]*\)                       # flags alone
      | \((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?     # a group begins
      | \{(\d+)(,?)(\d*)\}\??                  # a counted repetition
      | [*+?]\??
      | .""",
    re.VERBOSE | re.DOTALL,
)

_VARYING = re.compile(r"[*+?]|,\d*\}")


class _Part(NamedTuple):
    """A piece of a pattern: its places when written out, whether its length varies, and what it is made of.

    `atoms` are the single characters and classes in it, `loose` those that may be there or not, `ends` those that
    always are.
    """

    places: int = 0
    varies: bool = False
    atoms: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


def repeats_too_often(pattern: str) -> bool:
    """Whether repetitions within repetitions have one text in more than a thousand places of `pattern` at once."""
    return _read(pattern) is None


def places_at_once(pattern: str) -> int:
    """In how many places of `pattern`, which does not repeat too often, a text may be at once: a bound.

    From the beginning on and with one repetition at most that varies, a text is in one place, or two.
    """
    whole = _read(pattern)
    if whole is None:
        return MOST_PLACES
    is_plain = pattern.startswith("^") and "|" not in pattern and len(_VARYING.findall(pattern)) <= 1
    return 2 if is_plain else whole.places


def _read(pattern: str) -> _Part | None:
    """What `pattern` is made of, None where it repeats too often."""
    stack: list[list[_Part]] = [[]]
    for piece in _pieces(pattern):
        parts = stack[-1]
        counted = _TOKEN.fullmatch(piece) if piece[0] == "{" else None
        if piece == "(" or (piece.startswith("(?") and not piece.endswith(")")):
            stack.append([])
        elif piece == ")" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].append(_joined(inner))
        elif parts and ((counted is not None and counted[1]) or (piece[0] in "*+?" and len(piece) < 3)):
            least, most = _bounds(piece, counted)
            part = parts.pop()
            if most > 1 and part.varies and part.places * most > MOST_PLACES and not _separated(part):
                return None
            is_loose = least != most or piece[0] in "*+" or piece.rstrip("?").endswith(",}")
            parts.append(_repeated(part, most, is_loose=is_loose))
        elif piece == "|":
            parts.append(_Part(varies=True))
        elif piece not in ("^", "$") and not piece.startswith("(?"):
            parts.append(_Part(1, False, (piece,), (), (piece,)))
    return _joined([part for parts in stack for part in parts])


def _pieces(pattern: str) -> list[str]:
    """The pattern in pieces, a character class being one."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        end = _class_end(pattern, at) if pattern[at] == "[" else 0
        if not end:
            match = _TOKEN.match(pattern, at)
            end = match.end() if match else at + 1
        pieces.append(pattern[at:end])
        at = end
    return pieces


def _class_end(pattern: str, at: int) -> int:
    depth = 0
    start = at
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "[":
            depth += 1
        elif pattern[at] == "]" and at > start + 1 + pattern.startswith("[^", start):
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return len(pattern)


def _bounds(piece: str, counted: re.Match[str] | None) -> tuple[int, int]:
    """How often at least and at most; without an upper bound what is written out is the least, or one."""
    if counted is None:
        return (0, 1) if piece[0] == "?" else (1, 1)
    least = int(counted[1])
    return least, int(counted[3]) if counted[3] else max(least, 1)


def _repeated(part: _Part, most: int, *, is_loose: bool) -> _Part:
    if is_loose:
        return _Part(part.places * most, True, part.atoms, part.atoms)
    return part._replace(places=part.places * most)


def _joined(parts: list[_Part]) -> _Part:
    atoms = tuple(atom for part in parts for atom in part.atoms)
    is_choice = any(part.varies and not part.atoms for part in parts)
    return _Part(
        sum(part.places for part in parts),
        any(part.varies for part in parts),
        atoms,
        atoms if is_choice else tuple(atom for part in parts for atom in part.loose),
        () if is_choice else tuple(end for part in parts for end in part.ends),
    )


def _separated(part: _Part) -> bool:
    """Whether each repetition of `part` holds a character that what varies in it does not take."""
    return any(_is_literal(end) and not any(_takes(atom, end[-1]) for atom in part.loose) for end in part.ends)


def _is_literal(atom: str) -> bool:
    return (len(atom) == 1 and atom != ".") or (len(atom) == 2 and atom[0] == "\\" and not atom[1].isalnum())


def _takes(atom: str, character: str) -> bool:
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.is_valid({"pattern": f"^(?:{atom})$"}, character, pattern_options=options)
