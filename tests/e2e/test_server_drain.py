"""A server that ends while it is in use, in good order or not: no accepted event is lost, no answer is owed."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import ExitStack, closing

from tests.cli.commands import eventgate
from tests.deployment import Deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, until_refused


def request(site: Deployment, event_id: str) -> bytes:
    """A post of an event with that id."""
    body = json.dumps({"event_id": event_id, "tenant_id": "t"}).encode()
    head = f"POST /topics/runs HTTP/1.1\r\nHost: gate\r\nAuthorization: {site.bearer()}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def kept(site: Deployment) -> set[str]:
    """The ids of the events that the SQLite writer's file holds; the file is asked, not the gate."""
    listed = eventgate("events", "--db", site.conf / "events.db").out.splitlines()
    ids = [json.loads(line)["event"]["event_id"] for line in listed]
    assert len(ids) == len(set(ids))
    return set(ids)


def test_connections_kept_alive_end_between_two_requests(deployed: Deployment) -> None:
    """One that is idle is closed; one whose next request has begun to arrive gets its answer first."""
    with ServerProcess(deployed.conf, workers=2) as server, ExitStack() as stack:
        idle, busy = (stack.enter_context(closing(Connection(server.port))) for _ in range(2))
        for number, connection in enumerate((idle, busy)):
            connection.send(request(deployed, f"first-{number}"))
            answer = connection.answer()
            assert (answer.status, answer.headers.get("connection")) == (202, None)
        begun = request(deployed, "second")
        busy.send(begun[:40])
        server.send(signal.SIGTERM)
        assert idle.rest() == b""
        until_refused(server.port)
        busy.send(begun[40:])
        answer = busy.answer()
        assert (answer.status, answer.headers["connection"]) == (202, "close")
        assert busy.rest() == b""
        assert server.finish() == 0
    assert kept(deployed) == {"first-0", "first-1", "second"}


def test_connections_that_wait_to_be_taken_are_still_answered(deployed: Deployment) -> None:
    """They are in the kernel's queue when the signal comes."""
    with ServerProcess(deployed.conf, workers=2) as server, ExitStack() as stack:
        server.await_log(r"worker (\d+) serves", 2)
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGSTOP)
        waiting = [stack.enter_context(closing(Connection(server.port))) for _ in range(20)]
        for number, connection in enumerate(waiting):
            connection.send(request(deployed, f"e-{number}"))
        server.send(signal.SIGTERM)
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGCONT)
        answers = [connection.answer() for connection in waiting]
        assert server.finish() == 0
    assert {answer.status for answer in answers} == {202}
    assert len(kept(deployed)) == 20


def test_a_server_that_is_killed_has_lost_nothing_it_accepted(deployed: Deployment) -> None:
    """Parent and workers at once, in the middle of a stream of events (SIGKILL)."""
    accepted: list[str] = []
    enough = threading.Event()

    def stream(name: str, port: int) -> None:
        with closing(Connection(port)) as connection:
            for number in range(100_000):
                event_id = f"{name}-{number}"
                try:
                    connection.send(request(deployed, event_id))
                    status = connection.answer().status
                except (OSError, IndexError):  # the connection broke before, or in the place of, an answer
                    return
                assert status == 202
                accepted.append(event_id)
                if len(accepted) >= 200:
                    enough.set()

    with ServerProcess(deployed.conf, workers=2, log_level="WARNING") as server:
        threads = [threading.Thread(target=stream, args=(str(number), server.port)) for number in range(6)]
        for thread in threads:
            thread.start()
        assert enough.wait(30)
        os.killpg(server.process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join(30)
        assert server.finish() == -signal.SIGKILL
    assert set(accepted) <= kept(deployed)
    assert len(kept(deployed)) <= len(accepted) + len(threads)
