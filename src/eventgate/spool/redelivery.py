"""Redelivery: one write out of the spool, through the same lanes as every event, and what follows from its result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Final

import msgspec

from eventgate.core import json
from eventgate.core.delivery import ACKNOWLEDGED, Delivery
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.topics import Topic
from eventgate.errors import InvalidJson
from eventgate.spool.backoff import LONGEST_SECONDS, pause
from eventgate.spool.entries import Settlement, Write

NOT_SERVED: Final = WriteResult(Outcome.SKIPPED, reason="the topic does not exist, or not with this writer, any more")
"""What becomes of a write for which the configuration of today has no place; it may have one tomorrow."""

_UNREADABLE: Final = WriteResult(Outcome.REFUSED, reason="it is not one JSON document any more")
_DEPTH: Final = 512
"""The deepest that `limits.max_depth` ever allows."""


class Redelivery:
    """Tries writes again. `topics()` are those of the moment; an attempt takes at most `seconds`."""

    def __init__(self, delivery: Delivery, topics: Callable[[], Mapping[str, Topic]], seconds: float) -> None:
        self.seconds = seconds
        self._delivery = delivery
        self._topics = topics

    async def attempt(self, write: Write, until: float = inf) -> Settlement:
        """Try `write` once, within the seconds of an attempt and before `until` (`loop.time()`). Never raises."""
        topic = self._topics().get(write.event.topic)
        if topic is None or write.writer not in topic.uses:
            return Settlement(write, NOT_SERVED, due=time.time() + LONGEST_SECONDS)
        try:
            event = restored(write.event, topic)
        except InvalidJson:
            return Settlement(write, _UNREADABLE, why="refused")
        deadline = min(until, asyncio.get_running_loop().time() + self.seconds)
        return settlement(write, await self._delivery.redeliver(event, write.writer, deadline))


def restored(event: Event, topic: Topic) -> Event:
    """`event` out of a store, with its document and the options of `topic`; raises `InvalidJson`."""
    return msgspec.structs.replace(event, document=json.parse(event.body, _DEPTH), options=topic.options)


def settlement(write: Write, result: WriteResult) -> Settlement:
    """What follows from the result of an attempt."""
    if result.outcome in ACKNOWLEDGED:
        return Settlement(write, result)
    if result.outcome is Outcome.REFUSED:
        return Settlement(write, result, why="refused")
    if result.outcome is Outcome.CONFLICT:
        held = WriteResult(Outcome.CONFLICT, reason=result.reason or "the sink holds this event id with other bytes")
        return Settlement(write, held, why="conflict")
    return Settlement(write, result, due=time.time() + pause(write.attempts + 1))
