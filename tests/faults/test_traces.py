"""A request's trace, from its caller through the gate to its sinks: what each of them was told is the same."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.sinks import ScriptedBus, Sinks
from tests.faults.sites import document, head, site
from tests.server_process import ServerProcess
from tests.services.collector import collector
from tests.wire import Connection

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
LIMITS = {"request_timeout_seconds": 10}
BODY = document("order-1", note="planted-7f3a")


def test_callers_and_consumers_are_in_one_trace(
    tmp_path: Path, scripted: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request's own span is what its messages name as their origin. Workers are forked, and each sends its own."""
    uses = {"writers": {"kafka": {"topic": scripted.topic}, "postgres": {}, "eventbridge": {}, "sqlite": {}}}
    with collector() as spans, site(tmp_path / "conf", scripted, LIMITS, orders=uses) as where:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", spans.url)
        with ServerProcess(where.conf, workers=2) as server:
            with closing(Connection(server.port)) as connection:
                connection.send(head(where, "orders", BODY, f"traceparent: {CALLER}") + BODY)
                assert connection.answer().status == 202
            lines = "\n{}\n".join(json.dumps({"event_id": f"order-{number}"}) for number in (2, 3)).encode()
            with closing(Connection(server.port)) as connection:
                fields = ("Content-Type: application/x-ndjson", f"traceparent: {CALLER}")
                connection.send(head(where, "orders", lines, *fields) + lines)
                assert connection.answer().status == 207
        came = spans.spans(10)  # the server has ended by now: what was left was sent before
    single, batch = came[:2]
    assert {(each.name, each.trace_id, each.parent_id) for each in (single, batch)} == {
        ("POST /topics/{topic}", TRACE_ID, CALLER[36:52])
    }

    line = next(json.loads(line) for line in server.log.splitlines() if '"order-1"' in line)
    assert (line["trace_id"], line["span_id"]) == (TRACE_ID, single.span_id)

    carried = {
        message.headers["eventgate-event-id"].decode(): message.headers["traceparent"].decode()
        for message in scripted.kafka.read(scripted.topic)
    }
    assert carried == {
        "order-1": single.traceparent,
        "order-2": batch.traceparent,
        "order-3": batch.traceparent,
    }
    assert isinstance(scripted.bus, ScriptedBus)
    root = f"Root=1-{TRACE_ID[:8]}-{TRACE_ID[8:]}"
    assert sorted({entry["TraceHeader"] for entry in scripted.bus.stub.taken}) == sorted(
        f"{root};Parent={each.span_id};Sampled=1" for each in (single, batch)
    )

    writes = {str(each.attributes["eventgate.writer"]): each for each in came[2:] if each.parent_id == single.span_id}
    assert {name: (each.kind, each.trace_id) for name, each in writes.items()} == {
        "kafka": ("producer", TRACE_ID),
        "eventbridge": ("producer", TRACE_ID),
        "postgres": ("client", TRACE_ID),
        "sqlite": ("client", TRACE_ID),
    }
    position = line["positions"]["kafka"]
    assert writes["kafka"].name == f"send {scripted.topic}"
    assert writes["kafka"].attributes == {
        "eventgate.writer": "kafka",
        "eventgate.outcome": "delivered",
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": scripted.topic,
        "messaging.destination.partition.id": str(position["partition"]),
        "messaging.kafka.offset": position["offset"],
    }
    assert writes["postgres"].attributes == {
        "eventgate.writer": "postgres",
        "eventgate.outcome": "delivered",
        "db.system.name": "postgresql",
        "db.collection.name": "eventgate_events",
    }
    sent = next(
        each
        for each in came[2:]
        if each.parent_id == batch.span_id and each.attributes.get("messaging.system") == "kafka"
    )
    assert sent.attributes["messaging.batch.message_count"] == 2

    for planted in (b"planted-7f3a", b"order-1", b"alice", str(scripted.kafka.bootstrap).encode()):
        assert planted not in spans.raw
