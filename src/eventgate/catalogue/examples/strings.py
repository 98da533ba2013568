"""Strings with the length, the format and the pattern that is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from eventgate.catalogue.examples.budget import MOST_CHARACTERS, Budget
from eventgate.catalogue.examples.matching import matching
from eventgate.catalogue.examples.parts import Fact
from eventgate.catalogue.examples.words import by_encoding, by_format, by_name, fitted

_MOST: Final = 600
"""Strings proposed for one place."""
_WRITING: Final = 10
"""Steps that it counts for to write texts for a pattern."""


def strings(facts: Sequence[Fact], name: str, start: int, budget: Budget) -> Iterator[str]:
    """Strings for a member called `name`, from the number `start` on; whether they fit is for the schema to say."""
    values = [each.value for each in facts]
    least = max((int(value["minLength"]) for value in values if "minLength" in value), default=0)
    most = min((int(value["maxLength"]) for value in values if "maxLength" in value), default=None)
    if least > MOST_CHARACTERS or (most is not None and most < least):
        return
    seen: set[str] = set()
    patterns = sum("pattern" in value for value in values)
    for index in range(start, start + _MOST):
        budget.take(1 + _WRITING * patterns)
        for text in _proposed(values, name, index, least, most):
            budget.take(1 + len(text) // 100)
            if text not in seen and least <= len(text) and (most is None or len(text) <= most):
                seen.add(text)
                yield text


def _proposed(values: Sequence[Any], name: str, index: int, least: int, most: int | None) -> Iterator[str]:
    for value in values:
        made = by_format(name, value["format"], index) if "format" in value else None
        if made is not None:
            yield made
        made = by_encoding(value.get("contentEncoding"), value.get("contentMediaType"), index)
        if made is not None:
            yield made
    patterns = [value["pattern"] for value in values if "pattern" in value]
    if not patterns:
        yield fitted(by_name(name, index), least, most)
    else:
        yield by_name(name, index)
        for pattern in patterns:
            yield from matching(pattern, index)
    if not index:
        yield fitted("abcdefghijklmnopqrstuvwxyz", least, most if most is not None else max(least, 3))
        yield ""
