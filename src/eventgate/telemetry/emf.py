"""Metrics for CloudWatch, as lines of the function's log (CloudWatch embedded metric format specification)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TextIO
from urllib.parse import quote

import msgspec

from eventgate.core.instruments import Trail
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.families import FAMILIES, Family, Labels, Value
from eventgate.telemetry.meters import Meters

VARIABLE: Final = "EVENTGATE_EMF_NAMESPACE"
"""The CloudWatch namespace to write metrics for; without it none are written."""
MOST_METRICS: Final = 100
"""Metrics in one directive, by the specification."""
LONGEST_VALUE: Final = 1024
"""Characters in a dimension's value, by the specification."""

_NAMESPACE: Final = re.compile(r"(?!AWS/)[A-Za-z0-9._/#:-]{1,256}")
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))

Measurement = tuple[Family, Labels, float]


class EmbeddedMetrics:
    """The instrument whose counts become lines on `stream`: those of a request after it, for `write` is called then."""

    def __init__(self, namespace: str, stream: TextIO, clock: Callable[[], float] = time.time) -> None:
        self._namespace = namespace
        self._stream = stream
        self._clock = clock
        self._meters = Meters(clock)

    def finished(self, trail: Trail) -> None:
        """Count `trail`."""
        self._meters.finished(trail)

    def write(self, condition: Condition | None) -> None:
        """Write what was counted since the last time, and the gauges of `condition`."""
        for document in self._documents(list(self._measurements(condition))):
            self._stream.write(_encode(document).decode() + "\n")
        self._stream.flush()

    def _measurements(self, condition: Condition | None) -> Iterator[Measurement]:
        series = self._meters.take()
        for family in FAMILIES:
            for labels, value in series.get(family.name, {}).items():
                yield family, labels, _number(value)
        if condition is not None:
            yield from ((family, (), value) for family, value in condition.gauges())

    def _documents(self, measurements: list[Measurement]) -> Iterator[dict[str, Any]]:
        """As few documents as hold all: in one document every label and every metric has one value."""
        documents: list[_Document] = []
        for measurement in measurements:
            if not any(document.take(*measurement) for document in documents):
                documents.append(_Document())
                documents[-1].take(*measurement)
        for document in documents:
            yield document.content(self._namespace, int(self._clock() * 1000))


class _Document:
    """One line: its labels, its metrics, and which metrics have which labels."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._values: dict[str, float] = {}
        self._directives: dict[Labels, list[dict[str, str]]] = {}

    def take(self, family: Family, labels: Labels, value: float) -> bool:
        """Put it in, if there is room and no other value in its place."""
        named = {name: _dimension(label) for name, label in zip(family.labels, labels, strict=True)}
        fits = all(self._labels.get(name, label) == label for name, label in named.items())
        metrics = self._directives.setdefault(family.labels, [])
        if not fits or family.name in self._values or len(metrics) == MOST_METRICS:
            return False
        self._labels.update(named)
        self._values[family.name] = value
        metrics.append({"Name": family.name, "Unit": "Seconds" if family.name.endswith("_seconds") else "Count"})
        return True

    def content(self, namespace: str, milliseconds: int) -> dict[str, Any]:
        directives = [
            {"Namespace": namespace, "Dimensions": [list(labels)], "Metrics": metrics}
            for labels, metrics in self._directives.items()
            if metrics
        ]
        return {"_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": directives}, **self._labels, **self._values}


def embedded_metrics(env: Mapping[str, str], stream: TextIO) -> EmbeddedMetrics | None:
    """The instrument that `env` asks for, if it does; raises `ValueError` for what is no namespace of CloudWatch."""
    namespace = env.get(VARIABLE, "").strip()
    if not namespace:
        return None
    if not _NAMESPACE.fullmatch(namespace):
        raise ValueError(f"{VARIABLE} is no namespace of CloudWatch: no metrics are written")
    return EmbeddedMetrics(namespace, stream)


def _number(value: Value) -> float:
    """A count; of a histogram the mean, which is the value itself where one request was counted."""
    return value[-1] / sum(value[:-1]) if isinstance(value, list) else value


def _dimension(label: str) -> str:
    """As CloudWatch takes it: ASCII without control characters, and not blank."""
    return quote(label, safe=_PRINTABLE.replace("%", ""))[:LONGEST_VALUE].strip() or "none"


_encode: Final = msgspec.json.Encoder().encode
