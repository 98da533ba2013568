"""What a server does when it is told to stop or reload, and when one of its processes dies: real processes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.deployment import Deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, get, until_refused


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def begun_post(port: int, deployed: Deployment) -> Iterator[tuple[Connection, bytes]]:
    """A connection on which the gate has accepted half of a request, and the bytes that complete it.

    The gate says "100 Continue" when it reads the body, so that the request is known to be under way.
    """
    body = json.dumps({"event_id": "e-1", "tenant_id": "t"}).encode()
    with closing(Connection(port)) as connection:
        connection.send(
            b"POST /topics/runs HTTP/1.1\r\nHost: gate\r\nAuthorization: %s\r\n"
            b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (deployed.bearer().encode(), len(body))
        )
        assert connection.line() == b"HTTP/1.1 100 Continue\r\n"
        assert connection.line() == b"\r\n"
        connection.send(body[:10])
        yield connection, body[10:]


@pytest.mark.parametrize("to_group", [signal.SIGTERM, signal.SIGINT])
def test_a_stopping_server_answers_what_it_has_accepted(deployed: Deployment, to_group: signal.Signals) -> None:
    """Also when the signal reaches the workers as well, as from a terminal or systemd. Nothing new is accepted."""
    with ServerProcess(deployed.conf, workers=2) as server:
        with begun_post(server.port, deployed) as (connection, rest):
            os.killpg(server.process.pid, to_group)
            until_refused(server.port)
            connection.send(rest)
            answer = connection.answer()
        assert answer.status == 202
        assert answer.headers["connection"] == "close"
        assert server.finish() == 0


def test_a_second_signal_does_not_wait_for_anyone(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf) as server, begun_post(server.port, deployed) as (connection, _):
        server.send(signal.SIGTERM)
        until_refused(server.port)
        server.send(signal.SIGTERM)
        assert server.finish() == 0
        assert connection.rest() == b""


def test_a_client_that_never_finishes_holds_a_server_no_longer_than_configured(deployed: Deployment) -> None:
    deployed.config["limits"]["drain_seconds"] = 0.5
    deployed.write()
    with ServerProcess(deployed.conf) as server, closing(Connection(server.port)) as idle:
        with begun_post(server.port, deployed) as (connection, _):
            server.send(signal.SIGTERM)
            answer = connection.answer()
            assert (answer.status, json.loads(answer.body)["errors"][0]["type"]) == (503, "unavailable")
        assert idle.rest() == b""
        assert server.finish() == 0
        assert "traceback" not in server.log


def test_a_request_whose_head_was_arriving_is_still_answered(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf) as server, closing(Connection(server.port)) as connection:
        connection.send(b"GET /topics HTTP/1.1\r\nHo")
        get(server.port, "/livez")
        server.send(signal.SIGTERM)
        until_refused(server.port)
        connection.send(b"st: gate\r\n\r\n")
        assert connection.answer().status == 200
        assert server.finish() == 0


def test_sighup_reloads_every_worker(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf, workers=2) as server:
        assert get(server.port, "/topics/fresh").status == 404
        deployed.topic("fresh", {"type": "object"})
        server.send(signal.SIGHUP)
        reloaded = server.await_log(r"worker (\d+) has reloaded", 2)
        assert len(set(reloaded)) == 2
        assert {get(server.port, "/topics/fresh").status for _ in range(20)} == {200}


def test_terminate_rebuilds_every_worker_and_ends_none(deployed: Deployment) -> None:
    """config.json is read again; after the answer, no worker serves the old one."""
    with ServerProcess(deployed.conf, workers=2) as server:
        server.await_log(r"worker (\d+) serves", 2)
        deployed.config["token_provider_url"] = "https://other.example/login"
        deployed.write()
        assert get(server.port, "/token").headers["location"] != "https://other.example/login"
        headers = {"Authorization": deployed.bearer("root")}
        assert get(server.port, "/terminate", method="POST", headers=headers).status == 202
        locations = {get(server.port, "/token").headers["location"] for _ in range(20)}
        assert locations == {"https://other.example/login"}
        assert not any(is_gone(pid) for pid in server.worker_pids())


def test_a_worker_that_crashed_is_replaced(deployed: Deployment) -> None:
    """The connections of the others, and new ones meanwhile, are served."""
    with ServerProcess(deployed.conf, workers=2) as server:
        server.await_log(r"worker (\d+) serves", 2)
        first, second = server.worker_pids()
        os.kill(first, signal.SIGKILL)
        server.await_log(rf"worker {first} (was ended by signal 9)")
        assert get(server.port, "/livez").status == 200
        third = int(server.await_log(r"worker (\d+) serves", 3)[-1])
        assert len({first, second, third}) == 3
        assert is_gone(first)


def test_no_worker_outlives_its_parent(deployed: Deployment) -> None:
    """A killed parent can tell nobody; its workers stop by themselves, and what they have accepted is answered."""
    with ServerProcess(deployed.conf, workers=2) as server:
        server.await_log(r"worker (\d+) serves", 2)
        with begun_post(server.port, deployed) as (connection, rest):
            server.send(signal.SIGKILL)
            until_refused(server.port)
            connection.send(rest)
            assert connection.answer().status == 202
        # Standard error reaches its end when the last process that holds it is gone.
        assert server.finish() == -signal.SIGKILL
        assert server.log.count("the parent process is gone") == 2
