"""Several workers whose configuration changes under constant posts: no request fails, and they agree."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.wire import Answer, Connection, get

CLIENTS = 16
"""Connections that stay open: each belongs to one worker, and both have some."""
PATIENCE_SECONDS = 60
EVENT = b'{"event_id":"e1","tenant_id":"t1"}'


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        site.config["refresh_seconds"] = 0.1
        site.write()
        yield site


class Crowd:
    """Clients that post all the time, each on its own connection."""

    def __init__(self, site: Deployment, connections: list[Connection]) -> None:
        self._bearer = site.bearer()
        self._connections = connections

    def ask(self, method: str, path: str, body: bytes = b"") -> list[Answer]:
        """One answer to each."""
        fields = f"Host: g\r\nAuthorization: {self._bearer}\r\nContent-Length: {len(body)}\r\n\r\n"
        for connection in self._connections:
            connection.send(f"{method} {path} HTTP/1.1\r\n{fields}".encode() + body)
        return [connection.answer() for connection in self._connections]

    def post_until(self, status: int, path: str, body: bytes = EVENT) -> None:
        """Post good events, every one of which is taken, until all clients see that `path` has `status`."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert {answer.status for answer in self.ask("POST", "/topics/runs", EVENT)} == {202}
            if {answer.status for answer in self.ask("POST", path, body)} == {status}:
                return
            assert time.monotonic() < end


def test_no_request_fails_and_workers_agree_after_a_change(deployed: Deployment) -> None:
    """Changes that the timer finds, that SIGHUP tells of, and a configuration that is taken by `POST /terminate`."""
    with ServerProcess(deployed.conf, workers=2, log_level="CRITICAL") as server, ExitStack() as stack:
        crowd = Crowd(deployed, [stack.enter_context(closing(Connection(server.port))) for _ in range(CLIENTS)])
        crowd.post_until(404, "/topics/fresh")
        deployed.access["fresh"] = ["alice"]
        deployed.topic("fresh", {"type": "object"})
        deployed.write()
        crowd.post_until(202, "/topics/fresh")
        deployed.topic("fresh", {"type": "object", "required": ["no"]})
        server.send(signal.SIGHUP)
        crowd.post_until(400, "/topics/fresh")
        for number in range(3):
            deployed.config["token_provider_url"] = f"https://sso.example/{number}"
            deployed.write()
            headers = {"Authorization": deployed.bearer("root")}
            assert get(server.port, "/terminate", method="POST", headers=headers).status == 202
            locations = {answer.headers["location"] for answer in crowd.ask("GET", "/token")}
            assert locations == {f"https://sso.example/{number}"}
            crowd.post_until(400, "/topics/fresh")
        health = [json.loads(answer.body) for answer in crowd.ask("GET", "/health")]
    assert {each["status"] for each in health} == {"ok"}
