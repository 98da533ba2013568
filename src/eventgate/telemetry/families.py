"""What is counted and measured of a gate: every family of metrics, declared once."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Labels = tuple[str, ...]
Value = float | list[float]
"""A number; of a histogram the counts of its buckets, that of what lies above them, and the sum."""
Series = dict[str, dict[Labels, Value]]
"""Values by family and labels."""

NONE: Final = "none"
"""The label of what has no topic, reason or route."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COUNTS: Final = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)


class Family(msgspec.Struct, frozen=True):
    """Metrics of one name. `merge` says what several workers' gauges come to; counts are always added up.

    Labels come from the gate's own routes, types and configuration, never from what a client makes up.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()
    buckets: tuple[float, ...] = ()
    merge: Literal["sum", "max"] = "sum"
    lasting: bool = True


def _gauge(name: str, help: str, labels: Labels = (), *, merge: Literal["sum", "max"], lasting: bool = False) -> Family:
    return Family(name, "gauge", help, labels, merge=merge, lasting=lasting)


REQUESTS: Final = Family("requests", "counter", "Requests answered.", ("route", "status"))
REQUEST_SECONDS: Final = Family(
    "request_duration_seconds", "histogram", "Time from a request's head to its answer.", ("route",), _SECONDS
)
REFUSALS: Final = Family(
    "refusals",
    "counter",
    "Answers with an error, by the types and reasons of docs/errors.md; once for each that an answer has.",
    ("topic", "type", "reason"),
)
EVENTS: Final = Family(
    "events", "counter", "Events posted, alone or in batches, by the status of each.", ("topic", "status")
)
BATCH_EVENTS: Final = Family("batch_events", "histogram", "Events in a batch.", (), _COUNTS)
WRITES: Final = Family("writes", "counter", "Events that a writer was to take, by its outcome.", ("writer", "outcome"))
WRITE_SECONDS: Final = Family(
    "write_duration_seconds", "histogram", "Time for which a request waited for a writer.", ("writer",), _SECONDS
)
LAST_EVENT: Final = _gauge(
    "last_event_timestamp_seconds",
    "When the last event was accepted; when the gate started where none has been since.",
    ("topic",),
    merge="max",
    lasting=True,
)
IN_FLIGHT: Final = _gauge("events_in_flight", "Events under way; limits.max_in_flight bounds it.", merge="sum")
KEY_AGE: Final = _gauge(
    "key_age_seconds",
    "Time since the key source last confirmed the keys; auth.max_key_age_seconds bounds it.",
    merge="max",
)
POLICY_AGE: Final = _gauge(
    "policy_age_seconds", "Time since topics and access rules were last read without a failure.", merge="max"
)
SPOOL_EVENTS: Final = _gauge("spool_events", "Deferred events that wait for redelivery.", merge="max")
SPOOL_AGE: Final = _gauge("spool_oldest_age_seconds", "For how long the oldest deferred event has waited.", merge="max")
DEAD_LETTERS: Final = _gauge("dead_letters", "Dead letters in the spool.", merge="max")
WORKERS: Final = _gauge("workers", "Worker processes that the server is to have.", merge="sum")
SILENT: Final = _gauge(
    "workers_silent",
    "Worker processes that did not answer: their counts are as old as their last answer, their gauges are left out.",
    merge="sum",
)

FAMILIES: Final = (
    REQUESTS,
    REQUEST_SECONDS,
    REFUSALS,
    EVENTS,
    BATCH_EVENTS,
    WRITES,
    WRITE_SECONDS,
    LAST_EVENT,
    IN_FLIGHT,
    KEY_AGE,
    POLICY_AGE,
    SPOOL_EVENTS,
    SPOOL_AGE,
    DEAD_LETTERS,
    WORKERS,
    SILENT,
)


def merged(*parts: Series) -> Series:
    """Several processes' values as those of one."""
    whole: Series = {}
    for family in FAMILIES:
        rows: dict[Labels, Value] = {}
        for part in parts:
            for labels, value in part.get(family.name, {}).items():
                rows[labels] = _both(rows[labels], value, family) if labels in rows else value
        if rows:
            whole[family.name] = rows
    return whole


def lasting(series: Series) -> Series:
    """What stays true of a process that is gone: what it counted, not how it was."""
    return {family.name: series[family.name] for family in FAMILIES if family.lasting and family.name in series}


def _both(one: Value, other: Value, family: Family) -> Value:
    if isinstance(one, list) or isinstance(other, list):
        return [a + b for a, b in zip(_row(one), _row(other), strict=True)]
    return max(one, other) if family.merge == "max" else one + other


def _row(value: Value) -> list[float]:
    return value if isinstance(value, list) else [value]
