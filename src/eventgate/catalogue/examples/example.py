"""Example events of a topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from eventgate.catalogue.examples.budget import MOST_BYTES, MOST_SECONDS, Budget, SpentError
from eventgate.catalogue.examples.parts import Part
from eventgate.catalogue.examples.place import Place
from eventgate.catalogue.examples.search import Search
from eventgate.catalogue.examples.variants import Taste
from eventgate.core import judging
from eventgate.core.auth.grants import Grant
from eventgate.core.limits import Limits
from eventgate.core.topics import Topic
from eventgate.errors import Refusal

_TRIES: Final = 200
"""Whole events of one kind that are judged."""
_TASTES: Final = (Taste(), Taste(checked=True), Taste(checked=True, strict=True))
"""From what is quick, and mostly enough, to what looks at every step whether it fits."""
_ANYONE: Final = Grant()


class Examples(msgspec.Struct, frozen=True):
    """Events that a topic's schema takes, as JSON on several lines; None where none was found.

    `minimal` has only what has to be there, `full` also what may be.
    """

    minimal: bytes | None
    full: bytes | None


def examples(topic: Topic, max_depth: int = Limits().max_depth, start: int = 0) -> Examples:
    """The examples of `topic`: the same ones for the same topic, others for another `start`.

    Each was judged as a posted event is. Takes some milliseconds, for a schema made to be hard some seconds at most.
    """
    until = time.monotonic() + MOST_SECONDS
    minimal = _found(topic, max_depth, until, _TASTES, start=start)
    full = _found(topic, max_depth, until, _TASTES[:1] if minimal is None else _TASTES, full=True, start=start)
    return Examples(minimal or full, full or minimal)


def _found(
    topic: Topic, max_depth: int, until: float, tastes: tuple[Taste, ...], *, full: bool = False, start: int
) -> bytes | None:
    for each in tastes:
        taste = each._replace(full=full, start=start)
        for event in islice(_events(topic, taste, until), _TRIES):
            text = _accepted(topic, event, max_depth)
            if text is not None:
                return text
    return None


def _events(topic: Topic, taste: Taste, until: float) -> Iterator[Any]:
    """What the search proposes until it may go on no longer."""
    way = None if topic.event_id is None else topic.event_id.tokens
    try:
        search = Search(topic.schema, taste, Budget(until))
        yield from search.candidates((Part(topic.schema.graph.root),), Place(event_id=way))
    except (SpentError, RecursionError):
        return


def _accepted(topic: Topic, event: Any, max_depth: int) -> bytes | None:
    """The text of `event` if the topic takes it."""
    try:
        text = msgspec.json.encode(event)
        if len(text) > MOST_BYTES:
            return None
        judging.own_id(topic, judging.judge(text, topic, _ANYONE, max_depth))
    except (Refusal, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return msgspec.json.format(text, indent=2)
