"""A server that is stopped while its sinks are slow or hang: it answers what it has, in time, and tells no lies."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.faults.rig import SLACK_SECONDS
from tests.faults.sinks import Sinks
from tests.faults.sites import begun, document, site
from tests.server_process import ServerProcess
from tests.wire import until_refused


def test_messages_on_their_way_to_kafka_are_awaited_in_every_worker(tmp_path: Path, sinks: Sinks) -> None:
    """The broker takes its time; nothing new is accepted meanwhile."""
    uses = {"writers": {"kafka": {"topic": sinks.topic}}}
    ids = [f"e-{number}" for number in range(12)]
    with (
        site(tmp_path / "conf", sinks, {"request_timeout_seconds": 8}, orders=uses) as where,
        ServerProcess(where.conf, workers=2) as server,
        ExitStack() as stack,
    ):
        server.await_log(r"worker (\d+) serves", 2)
        connections = [
            stack.enter_context(closing(begun(server.port, where, "orders", document(each)))) for each in ids
        ]
        sinks.kafka.pause()
        for each, connection in zip(ids, connections, strict=True):
            connection.send(document(each))
        server.send(signal.SIGTERM)
        until_refused(server.port)
        sinks.kafka.resume()
        answers = [connection.answer() for connection in connections]
        assert server.finish() == 0
    assert [answer.status for answer in answers] == [202] * len(ids)
    assert sinks.held()["kafka"] == dict.fromkeys(ids, 1)


def test_writers_that_hang_hold_a_server_no_longer_than_configured(tmp_path: Path, sinks: Sinks) -> None:
    """All three at once: past `drain_seconds` the caller is told, and closing them takes the time of the slowest."""
    limits = {"request_timeout_seconds": 30, "drain_seconds": 1}
    uses = {"writers": {"kafka": {"topic": sinks.topic}, "postgres": {}, "sqlite": {}}}
    with site(tmp_path / "conf", sinks, limits, orders=uses) as where, ServerProcess(where.conf) as server:
        with closing(begun(server.port, where, "orders", document("before"))) as connection:
            connection.send(document("before"))
            assert connection.answer().status == 202
        with (
            closing(begun(server.port, where, "orders", document("during"))) as connection,
            hanging(sinks, where.conf),
        ):
            connection.send(document("during"))
            server.send(signal.SIGTERM)
            started = time.monotonic()
            answer = connection.answer()
            assert time.monotonic() - started < 1 + SLACK_SECONDS
            assert server.finish() == 0  # by itself: workers that had to be killed would make it 1
    assert (answer.status, json.loads(answer.body)["errors"][0]["type"]) == (503, "unavailable")
    assert {sinks.held()[name]["before"] for name in ("kafka", "postgres")} == {1}


@contextmanager
def hanging(sinks: Sinks, conf: Path) -> Iterator[None]:
    """Kafka and PostgreSQL say nothing, and somebody else has the right to write to the SQLite file."""
    with ExitStack() as stack:
        lock = stack.enter_context(closing(sqlite3.connect(conf / "events.db", isolation_level=None)))
        lock.execute("begin immediate")
        for service in (sinks.kafka, sinks.postgres):
            service.pause()
            stack.callback(service.resume)
        yield
