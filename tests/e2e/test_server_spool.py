"""A server that is killed while events wait in its spool: real processes, real files."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from eventgate.writers.sqlite.reader import read_events
from tests.deployment import OPEN_SCHEMA, Deployment, deployment
from tests.server_process import ServerProcess

PATIENCE_SECONDS = 60.0
EVENTS = 120
KILLS = 4


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        site.config["writers"] = {"near": {"type": "sqlite"}, "far": {"type": "sqlite", "path": "far/events.db"}}
        site.config["spool"] = {"store": "sqlite:spool.db"}
        site.config["limits"]["request_timeout_seconds"] = 1
        site.config["topics"] = {"free": {"schema": OPEN_SCHEMA, "key": "/key", "event_id": "/id", "spool": True}}
        site.access = {"free": ["alice"]}
        site.write()
        yield site


def post(server: ServerProcess, deployed: Deployment, number: int) -> Any:
    body = json.dumps({"id": f"{number:04}", "key": f"k{number % 3}"}).encode()
    headers = {"Authorization": deployed.bearer(), "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{server.port}/topics/free"
    return urllib3.request("POST", url, body=body, headers=headers, retries=False, timeout=60)


def held(deployed: Deployment) -> list[str]:
    path = deployed.conf / "far" / "events.db"
    return [event.event_id for event in read_events(path)] if path.exists() else []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_deferred_survives_a_kill_and_is_delivered_by_the_next_server(
    deployed: Deployment, workers: int
) -> None:
    with ServerProcess(deployed.conf, workers=workers) as server:
        accepted = []
        for number in range(30):
            answer = post(server, deployed, number)
            assert answer.status == 202
            assert answer.json()["writers"]["far"]["outcome"] == "deferred"
            accepted.append(f"{number:04}")
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    (deployed.conf / "far").mkdir()
    with ServerProcess(deployed.conf, workers=workers):
        await_events(deployed, len(accepted))
    found = held(deployed)
    assert sorted(found) == accepted
    for key in range(3):
        assert [id for id in found if int(id) % 3 == key] == [id for id in accepted if int(id) % 3 == key]


def test_kills_in_the_middle_of_redelivery_lose_and_double_nothing(deployed: Deployment) -> None:
    """The sink tells duplicates, so each event is there once, and of each key in order."""
    with ServerProcess(deployed.conf) as server:
        accepted = [f"{number:04}" for number in range(EVENTS) if post(server, deployed, number).status == 202]
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    (deployed.conf / "far").mkdir()
    for _ in range(KILLS):
        before = len(held(deployed))
        with ServerProcess(deployed.conf, workers=2) as server:
            await_events(deployed, before + 1)
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
    with ServerProcess(deployed.conf, workers=2):
        await_events(deployed, len(accepted))
    found = held(deployed)
    assert sorted(found) == accepted
    for key in range(3):
        assert [id for id in found if int(id) % 3 == key] == [id for id in accepted if int(id) % 3 == key]


def await_events(deployed: Deployment, wanted: int) -> None:
    """Until the sink holds `wanted` events; all of them are enough."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (count := len(held(deployed))) < min(wanted, EVENTS):
        assert time.monotonic() < until, f"{count} of {wanted} were delivered"
        time.sleep(0.01)
