"""Ten times the load that a server can serve: refused at once, in bounded memory, and forgotten soon after."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, get

IN_FLIGHT = 8
CLIENTS = 10 * IN_FLIGHT
ROUNDS = 10
EVENT = json.dumps({"event_id": "e", "tenant_id": "t", "filler": "x" * 50_000}).encode()
CEILING = 64 * 1024 * 1024
"""How much more memory a server may take under such a load, in bytes."""


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        site.config["limits"] |= {"max_in_flight": IN_FLIGHT}
        site.config["writers"] = {"sqlite": {}}
        site.write()
        yield site


def resident(pid: int) -> int:
    """The memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def test_ten_times_the_load_is_refused_at_once_in_bounded_memory_and_leaves_nothing_behind(
    deployed: Deployment,
) -> None:
    bearer = deployed.bearer()
    head = f"POST /topics/runs HTTP/1.1\r\nHost: g\r\nAuthorization: {bearer}\r\nContent-Length: {len(EVENT)}\r\n\r\n"
    request = head.encode() + EVENT
    with ServerProcess(deployed.conf, log_level="CRITICAL") as server, ExitStack() as stack:
        worker = children(server.process.pid)[0]
        clients = [stack.enter_context(closing(Connection(server.port))) for _ in range(CLIENTS)]
        clients[0].send(request)
        assert clients[0].answer().status == 202
        before = resident(worker)
        statuses: Counter[int] = Counter()
        for _ in range(ROUNDS):
            for client in clients:
                client.send(request)
            for client in clients:
                answer = client.answer()
                statuses[answer.status] += 1
                if answer.status == 503:
                    assert json.loads(answer.body)["errors"][0]["type"] == "overload"
                    assert int(answer.headers["retry-after"]) >= 1
        grown = resident(worker) - before
        started = time.monotonic()
        clients[0].send(request)
        assert clients[0].answer().status == 202
        assert get(server.port, "/readyz").status == 200
        assert time.monotonic() - started < 10
    assert set(statuses) == {202, 503}
    assert grown < CEILING


def children(pid: int) -> list[int]:
    """The worker processes of a server."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
