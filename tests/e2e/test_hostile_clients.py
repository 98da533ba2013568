"""A server as its users start it, among clients that mean no good."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

import pytest

from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, get

CROWD = 500
EVENT = b'{"event_id":"e1","tenant_id":"t1"}'


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        yield site


def head(site: Deployment, length: int, topic: str = "runs") -> bytes:
    fields = f"Host: g\r\nAuthorization: {site.bearer()}\r\nContent-Length: {length}\r\n"
    return f"POST /topics/{topic} HTTP/1.1\r\n{fields}\r\n".encode()


def test_good_requests_stay_fast_among_five_hundred_connections_that_drip(deployed: Deployment) -> None:
    """Half of them in their head, half in a body that the gate has asked for; each sends another byte all the time."""
    with ServerProcess(deployed.conf, log_level="ERROR") as server, ExitStack() as stack:
        good = stack.enter_context(closing(Connection(server.port)))
        usual = [seconds_to_answer(good, deployed) for _ in range(20)]
        post = head(deployed, 60_000)
        drips = [stack.enter_context(closing(Connection(server.port))) for _ in range(CROWD)]
        for number, connection in enumerate(drips):
            connection.send(post[:-4] if number % 2 else post + b"[")
        among = []
        for number in range(100):
            for connection in drips[number * 5 : number * 5 + 5]:
                connection.send(b" ")
            among.append(seconds_to_answer(good, deployed))
    assert median(among) < 10 * median(usual) + 0.1


def seconds_to_answer(connection: Connection, site: Deployment) -> float:
    """How long a good event takes."""
    started = time.monotonic()
    connection.send(head(site, len(EVENT)) + EVENT)
    assert connection.answer().status == 202
    return time.monotonic() - started


SPELLINGS = ["/topics/RUNS", "/topics/%72uns", "http://elsewhere/topics/runs", "/topics/runs?a=b"]
STRANGE = [
    "/topics/runs%00",
    "/topics/..%2f..%2fconfig.json",
    "/topics/../config",
    "/topics/%ff",
    "/topics/runs%0d%0aX-Injected:%201",
    "/topics/" + "%F0%9F%92%A9" * 500,
    "//topics/runs",
]


def test_a_topic_is_the_same_however_its_address_is_spelled_and_nothing_else_is_it(deployed: Deployment) -> None:
    with ServerProcess(deployed.conf) as server:
        with closing(Connection(server.port)) as connection:
            for target in SPELLINGS:
                connection.send(f"GET {target} HTTP/1.1\r\nHost: g\r\n\r\n".encode())
                assert json.loads(connection.answer().body)["required"] == ["event_id", "tenant_id"]
        for target in STRANGE:
            answer = get(server.port, target)
            assert answer.status == 404
            assert "x-injected" not in answer.headers
        assert get(server.port, "/topics/stra%C3%9Fe").status == 200
