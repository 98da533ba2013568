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


class Alarm:
    """Cancels the current task at `when`, unless stopped before: `asyncio.timeout_at`, by shared timers.

    Who catches the `CancelledError` asks `was_it` once, and passes the error on if it was not.
    """

    __slots__ = ("_cancelling", "_number", "_rang", "_task", "_timers")

    def __init__(self, timers: Timers, when: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an alarm needs a task to wake")
        self._task = task
        self._cancelling = task.cancelling()
        self._rang = False
        self._timers = timers
        self._number = timers.start(when, self._ring)

    def was_it(self) -> bool:
        """Whether this alarm, and nobody else, cancelled the task."""
        return self._rang and self._task.uncancel() <= self._cancelling

    def stop(self) -> None:
        """Let the task be."""
        self._timers.stop(self._number)

    def _ring(self) -> None:
        self._rang = True
        self._task.cancel()
