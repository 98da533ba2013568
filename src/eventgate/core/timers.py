"""Deadlines for the path that every event takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from math import inf


class Timers:
    """Calls back at given times (`loop.time()`), by one timer of the event loop however many are waiting.

    A timer of the loop costs 9 us to make and cancel under load, and nearly every deadline is met: here that costs
    an entry in a dict. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
        self._numbers = count()
        self._armed_for = inf
        self._handle: asyncio.TimerHandle | None = None

    def start(self, when: float, callback: Callable[[], None]) -> int:
        """Have `callback` called at `when`; returns what `stop` wants to know."""
        number = next(self._numbers)
        self._waiting[number] = (when, callback)
        if when < self._armed_for:
            self._arm(when)
        return number

    def stop(self, number: int) -> None:
        """Forget it, if its time has not come yet."""
        self._waiting.pop(number, None)

    def _arm(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed_for = when
        self._handle = asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        self._handle, self._armed_for = None, inf
        now = asyncio.get_running_loop().time()
        due = [number for number, (when, _) in self._waiting.items() if when <= now]
        for number in due:
            self._waiting.pop(number)[1]()
        if self._waiting:
            self._arm(min(when for when, _ in self._waiting.values()))
