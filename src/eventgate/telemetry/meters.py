"""Meters: the instrument that turns finished requests into counts."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping

from eventgate.core.instruments import Trail
from eventgate.telemetry import families
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.families import NONE, Labels, Series, Value

ACCEPTED = 202
POSTS = "/topics/{topic}"
"""The route that takes events; the other ones with a topic only look at them."""


class Meters:
    """Counts in plain dicts, so that a request costs a handful of increments. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._started_at = clock()
        self._clear()

    def _clear(self) -> None:
        self._requests: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._refusals: defaultdict[Labels, int] = defaultdict(int)
        self._events: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._writes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._request_seconds = _Histogram(families.REQUEST_SECONDS.buckets)
        self._write_seconds = _Histogram(families.WRITE_SECONDS.buckets)
        self._batch_events = _Histogram(families.BATCH_EVENTS.buckets)
        self._last: dict[str, float] = {}

    def finished(self, trail: Trail) -> None:
        """Count `trail`."""
        route = trail.route or NONE
        self._requests[route, trail.status] += 1
        self._request_seconds.add((route,), trail.seconds)
        if trail.problems:
            topic = trail.topic or NONE
            for label in {(topic, each.type, each.reason or NONE) for each in trail.problems}:
                self._refusals[label] += 1
        if trail.topic is not None and route == POSTS:
            self._count_events(trail, trail.topic)

    def _count_events(self, trail: Trail, topic: str) -> None:
        if trail.items:
            self._batch_events.add((), sum(trail.items.values()))
            for status, count in trail.items.items():
                self._events[topic, status] += count
            for writer, outcomes in trail.outcomes.items():
                for outcome, count in outcomes.items():
                    self._writes[writer, outcome] += count
        else:
            self._events[topic, trail.status] += 1
            for writer, result in trail.results.items():
                self._writes[writer, result.outcome] += 1
        for writer, (_, seconds) in trail.spent.items():
            self._write_seconds.add((writer,), seconds)
        if trail.status == ACCEPTED or ACCEPTED in trail.items:
            self._last[topic] = self._clock()

    def series(self, condition: Condition | None = None) -> Series:
        """All counts, and the gauges of `condition`."""
        found: Series = {
            families.REQUESTS.name: _texts(self._requests),
            families.REQUEST_SECONDS.name: self._request_seconds.rows(),
            families.REFUSALS.name: dict(self._refusals),
            families.EVENTS.name: _texts(self._events),
            families.BATCH_EVENTS.name: self._batch_events.rows(),
            families.WRITES.name: _texts(self._writes),
            families.WRITE_SECONDS.name: self._write_seconds.rows(),
        }
        silent = {} if condition is None else dict.fromkeys(condition.topics, self._started_at)
        found[families.LAST_EVENT.name] = {(topic,): at for topic, at in (silent | self._last).items()}
        if condition is not None:
            found.update({family.name: {(): value} for family, value in condition.gauges()})
        return {name: rows for name, rows in found.items() if rows}

    def take(self) -> Series:
        """All counts since the last time they were taken."""
        found = self.series()
        self._clear()
        return found


class _Histogram:
    """Rows of buckets by label."""

    __slots__ = ("_bounds", "_rows")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._rows: dict[Labels, list[float]] = {}

    def add(self, label: Labels, value: float) -> None:
        row = self._rows.get(label)
        if row is None:
            row = self._rows[label] = [0.0] * (len(self._bounds) + 2)
        row[bisect_left(self._bounds, value)] += 1
        row[-1] += value

    def rows(self) -> dict[Labels, Value]:
        return {label: list(row) for label, row in self._rows.items()}


def _texts(counts: Mapping[tuple[str, int], int] | Mapping[tuple[str, str], int]) -> dict[Labels, Value]:
    return {(first, str(second)): count for (first, second), count in counts.items()}
