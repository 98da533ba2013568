"""How long to wait before a sink, or one event, is tried again."""

from __future__ import annotations

import random

FIRST_SECONDS = 0.5
"""After the first failure."""
LONGEST_SECONDS = 30.0
"""After many."""


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row: half to all of a bound that doubles up to the longest."""
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(max(failures - 1, 0), 16))
    return random.uniform(bound / 2, bound)  # noqa: S311 - apart from other workers, not secret
