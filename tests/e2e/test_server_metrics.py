"""`serve --metrics`: the page of a real server, its workers together, whatever becomes of them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from tests.deployment import OPEN_SCHEMA, Deployment, deployment
from tests.server_process import PATIENCE_SECONDS, ServerProcess

PLANTED = "planted-7f3a"


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        yield site


class Watched(ServerProcess):
    """A server with metrics on a free port."""

    def __init__(self, conf: Path, workers: int = 1, **options: object) -> None:
        super().__init__(conf, workers=workers, metrics=("127.0.0.1", 0), **options)

    def page(self, path: str = "/metrics", method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
        found = re.search(r"metrics on (http://\S+)/metrics", self.told)
        assert found is not None
        return urllib3.request(method, found[1] + path, headers=headers, retries=False, timeout=60)

    def samples(self) -> dict[tuple[str, ...], float]:
        """Every sample by its name and the values of its labels, in the order of the labels' names."""
        page = self.page().data.decode()
        return {
            (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
            for metric in text_string_to_metric_families(page)
            for each in metric.samples
        }

    def post(
        self, deployed: Deployment, topic: str = "free", body: bytes = b"[]", headers: Mapping[str, str] = {}
    ) -> int:
        url = f"http://127.0.0.1:{self.port}/topics/{topic}"
        fields = {"Authorization": deployed.bearer(), "Content-Type": "application/json", **headers}
        return urllib3.request("POST", url, body=body, headers=fields, retries=False, timeout=60).status


ACCEPTED = ("eventgate_events_total", "202", "free")


@pytest.mark.parametrize("workers", [1, 3])
def test_requests_of_all_workers_are_counted_together(deployed: Deployment, workers: int) -> None:
    with Watched(deployed.conf, workers) as server:
        before = server.samples()
        assert before["eventgate_workers",] == workers
        assert before["eventgate_workers_silent",] == 0
        assert ACCEPTED not in before
        for _ in range(12):
            assert server.post(deployed) == 202
        assert server.post(deployed, "runs", b"{}") == 400
        after = server.samples()
    assert after[ACCEPTED] == 12
    assert after["eventgate_writes_total", "delivered", "discard"] == 12
    assert after["eventgate_refusals_total", "none", "runs", "validation"] == 1
    assert after["eventgate_requests_total", "/topics/{topic}", "202"] == 12
    assert after["eventgate_request_duration_seconds_count", "/topics/{topic}"] == 13
    assert after["eventgate_events_in_flight",] == 0
    assert 0 <= after["eventgate_key_age_seconds",] < 60
    assert 0 <= after["eventgate_policy_age_seconds",] < 60
    assert time.time() - after["eventgate_last_event_timestamp_seconds", "free"] < 60
    assert "eventgate_spool_events" not in {name for name, *_ in after}


def test_counts_never_fall_though_workers_crash(deployed: Deployment) -> None:
    with Watched(deployed.conf, 2) as server:
        server.await_log(r"worker (\d+) serves", 2)
        for _ in range(10):
            server.post(deployed)
        assert server.samples()[ACCEPTED] == 10
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        server.await_log(r"worker (\d+) serves", 4)
        assert server.samples()[ACCEPTED] == 10
        for _ in range(5):
            server.post(deployed)
        samples = server.samples()
    assert samples[ACCEPTED] == 15
    assert samples["eventgate_workers_silent",] == 0


def test_a_worker_that_does_not_answer_is_told_and_its_counts_stay(deployed: Deployment) -> None:
    with Watched(deployed.conf, 2) as server:
        server.await_log(r"worker (\d+) serves", 2)
        for _ in range(10):
            server.post(deployed)
        before = server.samples()
        stopped = server.worker_pids()[1]
        os.kill(stopped, signal.SIGSTOP)
        try:
            during = [server.samples() for _ in range(2)]
        finally:
            os.kill(stopped, signal.SIGCONT)
        after = server.samples()
    assert [each["eventgate_workers_silent",] for each in (before, *during, after)] == [0, 1, 1, 0]
    assert [each[ACCEPTED] for each in (before, *during, after)] == [10] * 4


def test_the_page_comes_back_when_its_process_dies(deployed: Deployment) -> None:
    with Watched(deployed.conf) as server:
        server.post(deployed)
        (pid,) = server.await_log(r'metrics are served.*?"pid":(\d+)')
        os.kill(int(pid), signal.SIGKILL)
        server.await_log(r"metrics are served", 2)
        assert server.samples()[ACCEPTED] == 1
        assert server.post(deployed) == 202


def test_what_lies_in_the_spool_is_measured(deployed: Deployment) -> None:
    deployed.config["writers"] = {"far": {"type": "sqlite", "path": "absent/events.db"}}
    deployed.config["spool"] = {"store": "sqlite:spool.db"}
    deployed.config["limits"]["request_timeout_seconds"] = 1
    deployed.config["topics"] = {"free": {"schema": OPEN_SCHEMA, "spool": True}}
    deployed.access = {"free": ["alice"]}
    deployed.write()
    with Watched(deployed.conf, 2) as server:
        assert server.samples()["eventgate_spool_events",] == 0
        assert [server.post(deployed) for _ in range(3)] == [202] * 3
        until = time.monotonic() + PATIENCE_SECONDS
        while (samples := server.samples())["eventgate_spool_events",] != 3:
            assert time.monotonic() < until, samples
    assert samples["eventgate_writes_total", "deferred", "far"] == 3
    assert samples["eventgate_spool_oldest_age_seconds",] > 0
    assert samples["eventgate_dead_letters",] == 0


def test_nothing_but_the_page_is_at_the_address_and_the_page_is_nowhere_else(deployed: Deployment) -> None:
    with Watched(deployed.conf) as server:
        statuses = [server.page(path).status for path in ("/", "/metrics/", "/topics", "/health")]
        refused = server.page(method="POST")
        head = server.page(method="HEAD")
        open_metrics = server.page(Accept="application/openmetrics-text; version=1.0.0")
        gate = urllib3.request("GET", f"http://127.0.0.1:{server.port}/metrics", retries=False, timeout=60)
    assert statuses == [404] * 4
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert (head.status, head.data) == (200, b"")
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_metrics.data.endswith(b"# EOF\n")
    assert gate.status == 404


def test_without_the_option_there_is_no_page(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf) as server:
        assert "metrics" not in server.told


def test_a_port_in_use_is_one_clear_line_and_exit_code_3(deployed: Deployment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = ServerProcess(deployed.conf, metrics=("127.0.0.1", port))
        with server.process as process:
            output, log = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 3
    assert output == b""
    assert log.decode() == f"cannot listen on 127.0.0.1:{port}: the port is in use\n"


def test_no_value_of_events_or_tokens_comes_to_metrics_or_logs(deployed: Deployment) -> None:
    with Watched(deployed.conf) as server:
        token = deployed.bearer()
        server.post(deployed, body=json.dumps({PLANTED: PLANTED}).encode())
        server.post(deployed, "runs", json.dumps({"event_id": "e-1", "tenant_id": 7, PLANTED: PLANTED}).encode())
        server.post(deployed, "runs", b'{"' + PLANTED.encode())
        server.post(deployed, PLANTED)
        server.post(deployed, headers={"Authorization": f"Bearer {PLANTED}.{PLANTED}.x"})
        server.post(deployed, headers={"Content-Type": PLANTED, "X-Something": PLANTED})
        page = server.page().data.decode()
    assert PLANTED not in page + server.log
    for part in token.removeprefix("Bearer ").split("."):
        assert part not in page + server.log
    assert "alice" not in page
    assert "e-1" not in page
