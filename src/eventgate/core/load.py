"""How much a gate has under way, and how long a post may take."""

from __future__ import annotations

import asyncio

from eventgate.core.limits import Limits
from eventgate.core.model import Request
from eventgate.core.topics import Topic
from eventgate.errors import Overloaded


class Load:
    """Counts the events under way, and says when there are as many as may be."""

    __slots__ = ("_in_flight", "_most")

    def __init__(self, limits: Limits) -> None:
        self._most = limits.max_in_flight
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """How many events are under way."""
        return self._in_flight

    def check(self) -> None:
        """Raises `Overloaded` where there is no room for an event."""
        if self._in_flight >= self._most:
            raise Overloaded("the gate has as many events under way as it may")

    def enter(self, events: int = 1) -> None:
        """Count `events`, which `leave` has to take off again; raises `Overloaded`, counting none.

        More than there is room for at all may be under way alone: or else they never could be.
        """
        if self._in_flight and self._in_flight + events > self._most:
            raise Overloaded("the gate has as many events under way as it may")
        self._in_flight += events

    def leave(self, events: int = 1) -> None:
        """`events` that were counted are no longer under way."""
        self._in_flight -= events


def deadline_of(request: Request, topic: Topic, limits: Limits) -> float:
    """When a post to `topic` that starts now has to be answered (`loop.time()` seconds)."""
    seconds = limits.request_timeout_seconds
    if topic.timeout_seconds is not None:
        seconds = min(seconds, topic.timeout_seconds)
    deadline = asyncio.get_running_loop().time() + seconds
    return deadline if request.deadline is None else min(deadline, request.deadline)
