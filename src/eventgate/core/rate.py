"""How often one subject may post: a token bucket for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from eventgate.errors import RateLimited

_MOST_SUBJECTS = 10_000


class SubjectRate:
    """Lets each subject post `per_second` on average and at most two seconds' worth (at least one) at once."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = max(1.0, 2 * per_second)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, subject: str) -> None:
        """Count one post of `subject`; raises `RateLimited`."""
        now = self._clock()
        left, at = self._buckets.pop(subject, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        allowed = left >= 1.0
        self._buckets[subject] = (left - 1.0 if allowed else left, now)
        if len(self._buckets) > _MOST_SUBJECTS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = (1.0 - left) / self._per_second
            raise RateLimited("this subject posts more often than it may", retry_after=max(1, round(wait + 0.5)))
