"""How long a connection is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf


class Patience:
    """Calls back when it has run out; it may be set anew for each request.

    To set it costs a look at the clock. The event loop's timer behind it is left as it is where it rings early enough,
    and looks then what is due: made and cancelled for each request it would cost 0.8 us.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
        self._loop = loop
        self._over = over
        self._ends_at = inf
        self._rings_at = inf
        self._timer: asyncio.TimerHandle | None = None

    def lasts(self, seconds: float) -> None:
        """From now on it runs out in `seconds`."""
        self._ends_at = ends_at = self._loop.time() + seconds
        if ends_at < self._rings_at:
            self._arm(ends_at)

    def endless(self) -> None:
        """From now on it does not run out."""
        self._ends_at = inf

    def close(self) -> None:
        """Never call back again."""
        self._ends_at = inf
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = when
        self._timer = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, inf
        if self._ends_at <= self._loop.time() + _RESOLUTION:
            self._ends_at = inf
            self._over()
        elif self._ends_at != inf:
            self._arm(self._ends_at)


_RESOLUTION = 0.001
"""Timers of the loop may ring this much early, in seconds."""
