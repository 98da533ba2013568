"""From an event's id: who sent it, when, and where it lies. All that is kept of it agrees; docs/audit.md says how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventgate.writers.sqlite.reader import read_events
from tests.deployment import Deployment
from tests.faults.sinks import Bus, Sinks
from tests.faults.sites import document, head, site
from tests.server_process import ServerProcess
from tests.wire import Answer, Connection

LIMITS = {"request_timeout_seconds": 10}
BODY = document("order-1", note="planted-7f3a")
DIGEST = hashlib.sha256(BODY).hexdigest()
CORRELATION = "audit-1"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def posted(port: int, where: Deployment, *fields: str) -> tuple[Answer, Any]:
    """The answer to the event, and what it says."""
    with closing(Connection(port)) as connection:
        fields = (f"X-Correlation-ID: {CORRELATION}", f"traceparent: {TRACE}", *fields)
        connection.send(head(where, "orders", BODY, *fields) + BODY)
        answer = connection.answer()
    return answer, json.loads(answer.body)


def logged(server: ServerProcess) -> list[Mapping[str, Any]]:
    """The lines of requests that brought events."""
    lines = (json.loads(line) for line in server.log.splitlines())
    return [line for line in lines if line["logger"] == "eventgate.request" and line.get("event_id") == "order-1"]


def test_ledger_header_log_line_and_receipt_agree(tmp_path: Path, sinks: Sinks) -> None:
    started = datetime.now(UTC)
    uses = {"writers": {"kafka": {"topic": sinks.topic}, "postgres": {}, "eventbridge": {}, "sqlite": {}}}
    sinks.writers["kafka"]["subject_header"] = True
    with site(tmp_path / "conf", sinks, LIMITS, orders=uses) as where:
        where.config["receipts"] = {"active": "k", "keys": {"k": "file:key"}}
        (where.conf / "key").write_text("0123456789abcdef0123456789abcdef")
        where.write()
        with ServerProcess(where.conf) as server:
            answer, said = posted(server.port, where)
            again, said_again = posted(server.port, where, f"EventGate-Receipt: {said['receipt']}")
        (stored,) = read_events(where.conf / "events.db")
    assert (answer.status, again.status) == (202, 202)
    assert answer.headers["x-correlation-id"] == CORRELATION

    line, retried = logged(server)
    assert (line["subject"], line["topic"], line["correlation_id"]) == ("alice", "orders", CORRELATION)
    assert line["writers"] == dict.fromkeys(uses["writers"], "delivered")
    told = {
        name: {key: value for key, value in each.items() if key != "outcome"} for name, each in said["writers"].items()
    }
    assert line["positions"] == {name: position for name, position in told.items() if position}
    assert said_again["writers"] == said["writers"]
    assert retried["positions"] == line["positions"]

    (message,) = sinks.kafka.read(sinks.topic)
    assert told["kafka"] == {"topic": sinks.topic, "partition": message.partition, "offset": message.offset}
    assert message.value == BODY
    assert {name: value.decode() for name, value in message.headers.items()} == {
        "eventgate-event-id": "order-1",
        "eventgate-body-sha256": DIGEST,
        "eventgate-topic": "orders",
        "eventgate-correlation-id": CORRELATION,
        "eventgate-subject": "alice",
        "traceparent": TRACE,
    }

    (row,) = sinks.postgres.fetch("select * from eventgate_events", database=sinks.database)
    assert told["postgres"] == {"table": "eventgate_events", "key": row["event_id"]}
    assert (row["topic"], row["event_id"], row["subject"], row["body_sha256"]) == ("orders", "order-1", "alice", DIGEST)
    assert (stored.topic, stored.event_id, stored.subject, stored.body_sha256) == ("orders", "order-1", "alice", DIGEST)
    assert stored.event == BODY
    at = datetime.fromisoformat(stored.received_at)
    assert abs((row["received_at"] - at).total_seconds()) < 0.01
    assert started <= at.astimezone(UTC).replace(microsecond=999_999)
    assert at <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)

    assert isinstance(sinks.bus, Bus)
    (handed_on,) = sinks.bus.events()
    assert told["eventbridge"] == {"id": handed_on["id"]}
    assert "planted-7f3a" not in server.log
    assert said["receipt"] not in server.log
