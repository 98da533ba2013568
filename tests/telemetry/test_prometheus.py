"""The page for Prometheus, read back with the client library's parsers, which are strict."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.families import FAMILIES, Series
from eventgate.telemetry.meters import Meters
from eventgate.telemetry.prometheus import exposition

OPEN = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
TOPICS = ("runs", 'a"b\\c\nd', "straße", "")


def series() -> Series:
    meters = Meters(lambda: 1000.0)
    for topic in TOPICS:
        meters.finished(
            Trail(
                "POST",
                "/topics/{topic}",
                "c",
                202,
                topic,
                "ada",
                "e-1",
                results={"kafka": WriteResult(Outcome.DELIVERED)},
                spent={"kafka": (9.0, 0.02)},
                seconds=0.03,
            )
        )
    meters.finished(Trail("POST", "/topics/{topic}", "c", 207, "runs", items={202: 3, 400: 1}))
    return meters.series(Condition(1, TOPICS, 1.0, 2.0, 3, 4.0, 5))


def read(accept: str) -> tuple[str, list[Metric]]:
    text, content_type = exposition(series(), accept)
    parse = open_metrics if content_type.startswith("application/openmetrics-text") else plain
    return content_type, list(parse(text.decode()))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (OPEN, "application/openmetrics-text"),
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("text/html", "text/plain"),
        ("\xff;;,q=", "text/plain"),
    ],
)
def test_the_format_is_the_best_that_the_reader_takes(accept: str, content_type: str) -> None:
    found, metrics = read(accept)
    assert found.startswith(content_type)
    assert len(metrics) == len(series())


@pytest.mark.parametrize("accept", ["", OPEN])
def test_values_are_read_back_as_they_were(accept: str) -> None:
    _, metrics = read(accept)
    samples = {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for metric in metrics
        for each in metric.samples
    }
    assert samples["eventgate_requests_total", "/topics/{topic}", "202"] == len(TOPICS)
    for topic in TOPICS:
        assert samples["eventgate_last_event_timestamp_seconds", topic] == 1000.0
    assert samples["eventgate_write_duration_seconds_count", "kafka"] == len(TOPICS)
    assert samples["eventgate_write_duration_seconds_bucket", "0.01", "kafka"] == 0
    assert samples["eventgate_write_duration_seconds_bucket", "0.025", "kafka"] == len(TOPICS)
    assert samples["eventgate_write_duration_seconds_bucket", "+Inf", "kafka"] == len(TOPICS)
    assert samples["eventgate_batch_events_sum",] == 4
    assert samples["eventgate_dead_letters",] == 5


def test_a_page_without_a_request_is_a_page() -> None:
    text, _ = exposition({}, "")
    assert list(plain(text.decode())) == []


def test_every_family_has_its_type_and_help() -> None:
    _, metrics = read("")
    kinds = {f"eventgate_{family.name}": (family.kind, family.help) for family in FAMILIES}
    assert all(kinds[metric.name.removesuffix("_total")] == (metric.type, metric.documentation) for metric in metrics)


def test_who_serves_events_does_not_load_what_the_page_is_made_with() -> None:
    program = "import sys, eventgate.server.processes; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
