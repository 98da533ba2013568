"""Whether there are traces, what becomes of those that nobody takes, and whom the exporter believes."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventgate.config.lint import lint
from eventgate.core.instruments import Trail
from eventgate.core.model import Request
from eventgate.telemetry.spans import Traces
from eventgate.telemetry.tracing import obstacle, open_traces, traced, wanted
from tests.config.servers import certificate
from tests.services.collector import Collector, collector

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
ON = {ENDPOINT: "http://127.0.0.1:1"}


@pytest.fixture
def spans() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra `otel` were not."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)


def environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str]:
    """`variables`, which are the process's too: OpenTelemetry reads those."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def request(traces: Traces) -> None:
    """A request from its beginning to its end."""

    async def body(limit: int) -> bytes:
        return b""

    trail = Trail("GET", "/topics", "c-1", 200)
    traces.start(Request("GET", "/topics", [], body), trail)
    traces.finished(trail)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        ({"OTEL_SERVICE_NAME": "gate", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, False),
        ({ENDPOINT: "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": " None "}, False),
        ({"OTEL_TRACES_EXPORTER": "none", **ON}, False),
        ({"OTEL_SDK_DISABLED": "TRUE", **ON}, False),
        ({"OTEL_SDK_DISABLED": "1", **ON}, True),
    ],
)
def test_there_are_traces_where_the_environment_asks_for_them(env: dict[str, str], expected: bool) -> None:
    assert wanted(env) is expected


def test_a_gate_that_is_not_asked_for_traces_has_none() -> None:
    assert open_traces({}) is None


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": "otlp,console"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_the_gate_does_not_have_is_said(variables: dict[str, str], named: str) -> None:
    told = obstacle({**ON, **variables})
    assert told is not None
    assert told.startswith(named)


@pytest.mark.usefixtures("not_installed")
async def test_check_and_the_log_say_that_the_extra_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the gate serves without traces."""
    assert open_traces(ON) is None
    (line,) = [record.getMessage() for record in caplog.records]
    (finding,) = [each for each in await lint(str(tmp_path), ON) if each.file == "environment"]
    assert (finding.severity, finding.hint) == ("warning", "pip install 'eventgate[otel]'")
    assert "the extra `otel` is not installed" in finding.message
    assert "the extra `otel` is not installed" in line


async def test_check_has_nothing_to_say_where_traces_can_be_had(tmp_path: Path) -> None:
    for env in ({}, ON):
        assert [each for each in await lint(str(tmp_path), env) if each.file == "environment"] == []


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_BSP_MAX_QUEUE_SIZE": "-1"},
        {"OTEL_BSP_MAX_QUEUE_SIZE": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT": "planted"},
    ],
)
def test_variables_that_make_no_sense_cost_the_traces_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variables: dict[str, str]
) -> None:
    assert open_traces(environment(monkeypatch, **ON, **variables)) is None
    (record,) = [record for record in caplog.records if record.name == "eventgate.traces"]
    assert (record.levelname, "OTEL_" in record.getMessage()) == ("WARNING", True)
    assert "planted" not in caplog.text


async def test_what_nobody_takes_is_bounded_and_the_rest_is_dropped(
    monkeypatch: pytest.MonkeyPatch, spans: Collector
) -> None:
    """While the collector hangs, a queue fills; a thousand requests later it is as full as before."""
    spans.hangs = True
    bounds = {"OTEL_BSP_MAX_QUEUE_SIZE": "8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
    async with traced(environment(monkeypatch, **{ENDPOINT: spans.url}, **bounds)) as traces:
        assert traces is not None
        for _ in range(1000):
            request(traces)
        await asyncio.to_thread(spans.asked.wait, 60)
        spans.let_go()
    assert 0 < len(spans.came()) <= 8 + 4


async def test_a_gate_ends_though_its_collector_hangs(monkeypatch: pytest.MonkeyPatch, spans: Collector) -> None:
    """The thread that asks it is left behind, and holds up no process."""
    spans.hangs = True
    monkeypatch.setattr("eventgate.telemetry.spans.CLOSE_SECONDS", 0.05)
    async with traced(environment(monkeypatch, **{ENDPOINT: spans.url}, OTEL_EXPORTER_OTLP_TIMEOUT="600")) as traces:
        assert traces is not None
        request(traces)
    assert spans.came() == []
    assert all(thread.daemon for thread in threading.enumerate() if "race" in thread.name or "Otel" in thread.name)


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch, spans: Collector) -> None:
    """Its head says all there is to know: the spans are taken, and the connection is closed."""
    spans.endless = True
    async with traced(environment(monkeypatch, **{ENDPOINT: spans.url})) as traces:
        assert traces is not None
        request(traces)
        await traces.flush(60)
    assert len(spans.came()) == 1
    assert not spans.is_over  # the flush has come to its end, and the answer had none
    assert spans.written < 64 * 1024 * 1024


async def test_the_last_spans_are_handed_over_at_the_end(monkeypatch: pytest.MonkeyPatch, spans: Collector) -> None:
    async with traced(environment(monkeypatch, **{ENDPOINT: spans.url})) as traces:
        assert traces is not None
        for _ in range(3):
            request(traces)
    assert len(spans.came()) == 3


async def test_it_is_told_when_the_collector_takes_spans_again(
    monkeypatch: pytest.MonkeyPatch, spans: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eventgate.traces")
    monkeypatch.setattr("eventgate.telemetry.spans.PAUSE_SECONDS", 0.0)
    async with traced(environment(monkeypatch, **{ENDPOINT: spans.url})) as traces:
        assert traces is not None
        for status in (400, 400, 200, 200):
            spans.status = status
            request(traces)
            await traces.flush(60)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert len(spans.came()) == 2


@pytest.mark.parametrize(("trusted", "arrived"), [("own", 1), ("other", 0), ("none", 1)])
async def test_the_collector_is_believed_by_the_gates_own_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: str, arrived: int
) -> None:
    """`ssl_ca_bundle` holds for it as for every server that the gate asks."""
    tls, own = certificate(tmp_path, "127.0.0.1")
    bundles: dict[str, bool | str] = {"own": own, "other": True, "none": False}
    with collector(tls) as secured:
        variables = {ENDPOINT: secured.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "0.5" if arrived == 0 else "60"}
        async with traced(environment(monkeypatch, **variables)) as traces:
            assert traces is not None
            traces.know({}, bundles[trusted])
            request(traces)
            await traces.flush(60)
        assert len(secured.came()) == arrived


async def test_a_certificate_of_the_environments_goes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls, own = certificate(tmp_path, "127.0.0.1")
    with collector(tls) as secured:
        variables = {ENDPOINT: secured.url, "OTEL_EXPORTER_OTLP_CERTIFICATE": own}
        async with traced(environment(monkeypatch, **variables)) as traces:
            assert traces is not None
            request(traces)
        assert len(secured.came()) == 1
