"""How much work and how many bytes a search for an example may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MOST_STEPS: Final = 6_000
"""Of one search: what is decided or judged counts, and so two machines give up at the same place."""
MOST_SECONDS: Final = 3.0
"""Of all searches for a topic: for schemas of which single steps are slow."""
MOST_BYTES: Final = 256 * 1024
"""Of an example, written without white space; a longer one is nothing to read."""
MOST_ITEMS: Final = 500
"""Of one array."""
MOST_CHARACTERS: Final = 8192
"""Of one string."""


class SpentError(Exception):
    """The search has taken all that it may."""


class Budget:
    """Counts `steps`, and looks at the clock: `until` is when to give up, in seconds as `now` tells them."""

    def __init__(self, until: float, steps: int = MOST_STEPS, now: Callable[[], float] = time.monotonic) -> None:
        self._left = steps
        self._now = now
        self._until = until

    def take(self, steps: int = 1) -> None:
        """Raises `SpentError` where `steps` are more than is left."""
        self._left -= steps
        if self._left < 0 or self._now() > self._until:
            raise SpentError
