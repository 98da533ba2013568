"""A line now and then while something takes its time."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Final, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

TELL_SECONDS: Final = 1.0
"""How long nothing is told, and then between two lines."""

log = logging.getLogger("eventgate.configuration")


def progressing(
    items: Mapping[Key, Value], done: str, tell_seconds: float = TELL_SECONDS
) -> Iterator[tuple[Key, Value]]:
    """The items one by one. What takes long is logged as "250 of 1000 topics are compiled", where `done` is its end."""
    tell_at = monotonic() + tell_seconds
    for count, item in enumerate(items.items()):
        if monotonic() >= tell_at:
            log.info("%d of %d %s", count, len(items), done)
            tell_at = monotonic() + tell_seconds
        yield item
