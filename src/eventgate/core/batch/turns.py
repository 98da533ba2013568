"""Turns: work on a batch makes way for other requests again and again."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final

SLICE_SECONDS: Final = 0.002
"""How long a batch holds the event loop at once. One event may take longer: it is judged in one go."""


class Turn:
    """A slice of the event loop's time, which begins with the first event.

    Others have waited long enough when `perf_counter()` is past `ends`.
    """

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends = perf_counter() + SLICE_SECONDS

    async def next(self) -> None:
        """Let others have theirs."""
        await asyncio.sleep(0)
        self.ends = perf_counter() + SLICE_SECONDS
