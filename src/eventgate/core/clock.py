"""Times as text."""

from __future__ import annotations

import time
from functools import lru_cache


def timestamp(seconds: float) -> str:
    """Epoch seconds as RFC 3339 text in UTC with milliseconds: sorts by time, and every database reads it."""
    second, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_second(second)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(epoch: int) -> str:
    """Without fraction and zone; made once for the events and log lines of a second, or it would cost 1 us each."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))
