"""One event id, many posts: what the writers with a ledger answer, and what a guard keeps out of the other sinks."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.faults.sinks import Sinks
from tests.faults.sites import begun, document, post, post_at_once, site
from tests.server_process import PATIENCE_SECONDS, ServerProcess

LIMITS = {"request_timeout_seconds": 8}
ORIGINAL = document("e", version=1)
OTHER = document("e", version=2)
LEDGERS = ("postgres", "sqlite")


def rows(where: Deployment, sinks: Sinks, ledger: str) -> list[bytes]:
    """The events that the sink of the writer `ledger` holds, written in our way."""
    if ledger == "postgres":
        found = sinks.postgres.fetch("select payload from eventgate_events", database=sinks.database)
        documents = [json.loads(row["payload"]) for row in found]
    else:
        with closing(sqlite3.connect(where.conf / "events.db")) as file:
            documents = [json.loads(row[0]) for row in file.execute("select event from events")]
    return [document(**each) for each in documents]


def outcomes(answers: list[tuple[int, Any]], writer: str) -> Mapping[tuple[int, str], int]:
    """How often which status came with which outcome of `writer`."""
    return Counter((status, answer["writers"][writer]["outcome"]) for status, answer in answers)


def in_kafka(sinks: Sinks) -> list[bytes | None]:
    """The messages in the topic."""
    return [message.value for message in sinks.kafka.read(sinks.topic)]


@pytest.mark.parametrize("ledger", LEDGERS)
def test_of_fifty_posts_at_once_one_is_delivered(tmp_path: Path, sinks: Sinks, ledger: str) -> None:
    """To two workers. Later, other bytes under the same id are a conflict."""
    with (
        site(tmp_path / "conf", sinks, LIMITS, orders={"writers": {ledger: {}}}) as where,
        ServerProcess(where.conf, workers=2) as server,
    ):
        server.await_log(r"worker (\d+) serves", 2)
        answers = post_at_once(server.port, where, "orders", [ORIGINAL] * 50)
        assert outcomes(answers, ledger) == {(202, "delivered"): 1, (202, "duplicate"): 49}
        late = [post(server.port, where, "orders", OTHER)]
        assert outcomes(late, ledger) == {(409, "conflict"): 1}
        assert rows(where, sinks, ledger) == [ORIGINAL]


@pytest.mark.parametrize("guard", LEDGERS)
def test_a_guard_lets_no_conflict_reach_another_sink(tmp_path: Path, sinks: Sinks, guard: str) -> None:
    """Fifty at once, half of them with other bytes: Kafka has those that the guard took, and no others."""
    uses = {"guard": guard, "writers": {guard: {}, "kafka": {"topic": sinks.topic}}}
    with (
        site(tmp_path / "conf", sinks, LIMITS, orders=uses) as where,
        ServerProcess(where.conf, workers=2) as server,
    ):
        server.await_log(r"worker (\d+) serves", 2)
        answers = post_at_once(server.port, where, "orders", [ORIGINAL, OTHER] * 25)
        assert outcomes(answers, guard) == {(202, "delivered"): 1, (202, "duplicate"): 24, (409, "conflict"): 25}
        assert outcomes(answers, "kafka") == {(202, "delivered"): 25, (409, "skipped"): 25}
        (winner,) = rows(where, sinks, guard)
        assert set(in_kafka(sinks)) == {winner}


def test_without_a_guard_a_conflict_does_reach_the_other_sinks(tmp_path: Path, sinks: Sinks) -> None:
    """The writers run side by side: when the ledger says no, Kafka has it already. The answer tells of both."""
    uses = {"writers": {"postgres": {}, "kafka": {"topic": sinks.topic}}}
    with site(tmp_path / "conf", sinks, LIMITS, orders=uses) as where, ServerProcess(where.conf) as server:
        assert post(server.port, where, "orders", ORIGINAL)[0] == 202
        status, answer = post(server.port, where, "orders", OTHER)
        assert status == 409
        assert {name: said["outcome"] for name, said in answer["writers"].items()} == {
            "postgres": "conflict",
            "kafka": "delivered",
        }
        assert in_kafka(sinks) == [ORIGINAL, OTHER]
        assert rows(where, sinks, "postgres") == [ORIGINAL]


@pytest.mark.parametrize("guard", LEDGERS)
def test_a_crash_after_the_guard_has_committed_loses_nothing(tmp_path: Path, sinks: Sinks, guard: str) -> None:
    """The broker is held, so that the gate dies between the two. The retry's `duplicate` lets Kafka have the event."""
    uses = {"guard": guard, "writers": {guard: {}, "kafka": {"topic": sinks.topic}}}
    with site(tmp_path / "conf", sinks, LIMITS, orders=uses) as where:
        with ServerProcess(where.conf, workers=2) as server:
            assert post(server.port, where, "orders", document("before"))[0] == 202
            with closing(begun(server.port, where, "orders", ORIGINAL)) as connection:
                sinks.kafka.pause()
                connection.send(ORIGINAL)
                until_kept(where, sinks, guard, ORIGINAL)
                os.killpg(server.process.pid, signal.SIGKILL)
                assert connection.rest() == b""
                server.finish()
        sinks.kafka.resume()
        with ServerProcess(where.conf, workers=2) as server:
            status, answer = post(server.port, where, "orders", ORIGINAL)
        said = {name: result["outcome"] for name, result in answer["writers"].items()}
        assert (status, said) == (202, {guard: "duplicate", "kafka": "delivered"})
        assert in_kafka(sinks).count(ORIGINAL) in (1, 2)  # what was on its way when the gate died may have landed
        assert rows(where, sinks, guard).count(ORIGINAL) == 1


def until_kept(where: Deployment, sinks: Sinks, guard: str, body: bytes) -> None:
    """Return once the guard's sink holds the event."""
    end = time.monotonic() + PATIENCE_SECONDS
    while body not in rows(where, sinks, guard):
        assert time.monotonic() < end
