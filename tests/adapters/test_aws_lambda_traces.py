"""Traces of the Lambda handler, read by a collector as they were sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from tests.adapters.test_aws_lambda import Remaining, get, post
from tests.deployment import Deployment, deployment
from tests.services.collector import PATIENCE_SECONDS, Collector, Span, collector

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
PLANTED = "planted-7f3a"

Opening = Callable[..., Environment]


@pytest.fixture
def spans() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as site:
        (site.conf / "topics" / "broken.json").unlink()
        yield site


@pytest.fixture
def opened(deployed: Deployment, spans: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    """Makes environments with the collector's address, and more variables where they are given."""
    with ExitStack() as stack:

        def make(**variables: str) -> Environment:
            variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": spans.url, **variables}
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            made = Environment({"CONF_DIR": str(deployed.conf), **variables})
            stack.callback(made.close)
            return made

        yield make


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def requests(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("logger") == "eventgate.request"]


def by_kind(collector: Collector) -> tuple[Span, list[Span]]:
    """The only request's span, and the others."""
    came = collector.came()
    (request,) = [span for span in came if span.kind == "server"]
    return request, [span for span in came if span is not request]


def test_a_request_is_a_span_in_its_callers_trace_with_one_for_each_writer(
    opened: Opening, deployed: Deployment, spans: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is at the collector when the answer is there: nothing runs after that."""
    answer = opened().answer(post(deployed, traceparent=CALLER, tracestate="vendor=1"), Remaining(30))
    assert answer["statusCode"] == 202
    request, (write,) = by_kind(spans)
    (line,) = requests(lines(capsys))
    assert (request.name, request.trace_id, request.parent_id) == ("POST /topics/{topic}", TRACE_ID, "00f067aa0ba902b7")
    assert (request.state, request.failed) == ("vendor=1", False)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 202,
        "http.route": "/topics/{topic}",
        "eventgate.topic": "free",
        "eventgate.correlation_id": line["correlation_id"],
    }
    assert (write.name, write.kind, write.trace_id) == ("write discard", "internal", TRACE_ID)
    assert (write.parent_id, write.failed) == (request.span_id, False)
    assert write.attributes == {"eventgate.writer": "discard", "eventgate.outcome": "delivered"}
    assert request.began <= write.began <= write.ended <= request.ended
    assert (line["trace_id"], line["span_id"]) == (request.trace_id, request.span_id)


def test_what_the_spans_come_from_is_as_the_environment_says(
    opened: Opening, deployed: Deployment, spans: Collector
) -> None:
    variables = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test", "OTEL_SERVICE_NAME": "front"}
    opened(**variables, OTEL_EXPORTER_OTLP_HEADERS="api-key=k", OTEL_EXPORTER_OTLP_COMPRESSION="gzip").answer(
        post(deployed), None
    )
    request, _ = by_kind(spans)
    assert (request.resource["service.name"], request.resource["deployment.environment.name"]) == ("front", "test")
    assert (spans.headers["api-key"], spans.headers["content-encoding"]) == ("k", "gzip")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"traceparent": ""},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"ff-{TRACE_ID}-00f067aa0ba902b7-01"},
        {"traceparent": "\x00" * 600, "tracestate": "x" * 5000},
        {"tracestate": "vendor=1"},
    ],
)
def test_a_caller_without_a_trace_begins_one(
    opened: Opening, deployed: Deployment, spans: Collector, sent: dict[str, str]
) -> None:
    assert opened().answer(post(deployed, **sent), None)["statusCode"] == 202
    request, _ = by_kind(spans)
    assert (request.parent_id, request.state) == ("", "")
    assert request.trace_id not in (TRACE_ID, "0" * 32)
    assert request.resource["service.name"] == "eventgate"


def test_a_refusal_says_its_type_and_reason_and_is_no_failure(
    opened: Opening, deployed: Deployment, spans: Collector
) -> None:
    bearer = deployed.bearer("mallory")
    answer = opened().answer({**post(deployed), "headers": {"Authorization": bearer}}, None)
    assert answer["statusCode"] == 403
    request, others = by_kind(spans)
    assert others == []
    assert (request.attributes["error.type"], request.attributes["eventgate.reason"]) == ("auth", "not_listed")
    assert not request.failed


def test_a_failed_write_is_a_failed_span_in_a_failed_request(
    opened: Opening, deployed: Deployment, spans: Collector
) -> None:
    deployed.config["writers"] = {"far": {"type": "sqlite", "path": "absent/events.db"}, "discard": {}}
    deployed.write()
    assert opened().answer(post(deployed), None)["statusCode"] == 500
    request, others = by_kind(spans)
    writes = {str(span.attributes["eventgate.writer"]): span for span in others}
    assert (request.failed, request.attributes["error.type"]) == (True, "far")
    assert (writes["far"].failed, writes["far"].attributes["error.type"]) == (True, "failed")
    assert (writes["far"].kind, writes["far"].attributes["db.system.name"]) == ("client", "sqlite")
    assert not writes["discard"].failed


def test_a_batch_is_one_span_that_counts_and_one_for_each_writer(
    opened: Opening, deployed: Deployment, spans: Collector
) -> None:
    batch = post(deployed, "free", '{"a":1}\n{"a":\n[2]\n', **{"Content-Type": "application/x-ndjson"})
    assert opened().answer(batch, None)["statusCode"] == 207
    request, (write,) = by_kind(spans)
    assert (request.attributes["eventgate.batch.events"], request.failed) == (3, False)
    assert write.attributes == {"eventgate.writer": "discard", "eventgate.outcomes.delivered": 2}


def test_what_callers_make_up_comes_to_no_span(opened: Opening, deployed: Deployment, spans: Collector) -> None:
    """Neither do subject and event id."""
    environment = opened()
    event = {"event_id": f"id-{PLANTED}", "tenant_id": PLANTED, PLANTED: PLANTED}
    environment.answer(post(deployed, "runs", json.dumps(event)), None)
    environment.answer(post(deployed, "runs", json.dumps({PLANTED: PLANTED})), None)
    environment.answer(post(deployed, PLANTED), None)
    environment.answer(post(deployed, **{"X-Planted": PLANTED, "baggage": f"a={PLANTED}"}), None)
    environment.answer({**get(f"/{PLANTED}"), "httpMethod": PLANTED}, None)
    environment.answer({**post(deployed), "headers": {"Authorization": f"Bearer {PLANTED}"}}, None)
    assert len([span for span in spans.came() if span.kind == "server"]) == 6
    assert "_OTHER" in [span.attributes["http.request.method"] for span in spans.came() if span.kind == "server"]
    text = spans.raw
    assert PLANTED.encode() not in text
    assert b"alice" not in text
    assert deployed.bearer().split(".")[1].encode() not in text


def test_load_balancers_probes_are_not_traced(opened: Opening, spans: Collector) -> None:
    environment = opened()
    for path in ("/livez", "/readyz", "/topics"):
        assert environment.answer(get(path), None)["statusCode"] == 200
    assert [span.name for span in spans.came()] == ["GET /topics"]


@pytest.mark.parametrize(
    ("variables", "caller"),
    [
        ({"OTEL_TRACES_SAMPLER": "always_off"}, ""),
        ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, ""),
        ({}, CALLER[:-1] + "0"),
    ],
)
def test_what_is_not_sampled_is_not_sent_but_has_its_ids_in_the_log(
    opened: Opening,
    deployed: Deployment,
    spans: Collector,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    caller: str,
) -> None:
    """The caller decides, if there is one, as W3C Trace Context has it."""
    assert opened(**variables).answer(post(deployed, traceparent=caller), None)["statusCode"] == 202
    (line,) = requests(lines(capsys))
    assert len(line["trace_id"]) == 32
    assert spans.came() == []


def test_a_collector_that_refuses_everything_is_told_once_and_changes_no_answer(
    opened: Opening, deployed: Deployment, spans: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a warning, without its address: an error would be one too many for requests that did not fail."""
    spans.status = 400
    environment = opened()
    assert [environment.answer(post(deployed), None)["statusCode"] for _ in range(5)] == [202] * 5
    logged = lines(capsys)
    assert [line["level"] for line in logged if line["logger"] == "eventgate.traces"] == ["WARNING"]
    assert [line for line in logged if line["level"] == "ERROR"] == []
    assert "127.0.0.1" not in json.dumps(logged)


def test_a_collector_that_hangs_is_waited_for_once(
    opened: Opening, deployed: Deployment, spans: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a bounded time; no further answer waits for it, however long one might."""
    spans.hangs = True
    environment = opened(OTEL_EXPORTER_OTLP_TIMEOUT="600")
    assert environment.answer(post(deployed), Remaining(30))["statusCode"] == 202
    assert spans.asked.is_set()
    monkeypatch.setattr("eventgate.adapters.aws_lambda.FLUSH_SECONDS", 600.0)
    started = time.monotonic()
    assert [environment.answer(post(deployed), None)["statusCode"] for _ in range(20)] == [202] * 20
    assert time.monotonic() - started < PATIENCE_SECONDS / 2
    assert spans.came() == []


def test_without_time_left_nobody_waits_for_the_collector(
    opened: Opening, deployed: Deployment, spans: Collector
) -> None:
    environment = opened()
    assert environment.answer(post(deployed), Remaining(0.1))["statusCode"] == 202
    assert spans.came() == []
    assert environment.answer(post(deployed), Remaining(30))["statusCode"] == 202
    assert len(spans.came()) == 4
