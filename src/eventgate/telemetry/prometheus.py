"""Metrics as Prometheus reads them: its own text format, or OpenMetrics for who asks for that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from eventgate.telemetry.families import FAMILIES, Family, Labels, Series, Value

PREFIX = "eventgate_"


def exposition(series: Series, accept: str) -> tuple[bytes, str]:
    """`series` in the best format that the `Accept` header allows, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Values(series))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Values(Collector):
    """What there is to collect; made anew for each answer."""

    def __init__(self, series: Series) -> None:
        self._series = series

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            if family.name in self._series:
                yield _metric(family, self._series[family.name])


def _metric(family: Family, rows: dict[Labels, Value]) -> Metric:
    name, text, labels = PREFIX + family.name, family.help, family.labels
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(name, text, labels=labels)
        for values, row in rows.items():
            if isinstance(row, list):
                histogram.add_metric(values, buckets=_buckets(family, row), sum_value=row[-1])
        return histogram
    metric = (CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily)(name, text, labels=labels)
    for values, value in rows.items():
        if not isinstance(value, list):
            metric.add_metric(values, value)
    return metric


def _buckets(family: Family, row: list[float]) -> list[tuple[str, float]]:
    """Each bound with the count of all that is not above it."""
    bounds = [*map(repr, family.buckets), "+Inf"]
    return list(zip(bounds, accumulate(row[:-1]), strict=True))
