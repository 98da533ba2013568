"""The bytes of bodies that a server holds at once have a bound, however many clients send them."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.errors import Overloaded
from eventgate.server.exchange import Exchange
from eventgate.server.intake import MOST_BYTES, SMALL_BYTES, Intake, State
from tests.deployment import Deployment, deployment
from tests.server.serving import Gate, connected, served
from tests.server.test_bodies import Connection as Double
from tests.server_process import ServerProcess
from tests.wire import Connection

LARGE = 1_000_000
CLIENTS = 160
OVERHEAD = 1.5
"""What a byte of a body may take up in memory."""


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 80))))
def test_no_more_is_held_than_may_be_and_all_of_it_is_given_back(parts: list[tuple[int, int]]) -> None:
    """A body that is too large for it comes alone."""
    intake = Intake(100)
    bodies = dict.fromkeys(range(5), 0)
    for body, count in parts:
        if intake.take(count, bodies[body]):
            bodies[body] += count
        assert intake.held == sum(bodies.values())
        assert intake.held <= 100 or list(bodies.values()).count(0) == 4
    for held in bodies.values():
        intake.held -= held
    assert intake.held == 0


def test_small_bodies_have_room_where_large_ones_have_none() -> None:
    intake = Intake(4_000_000)
    assert [intake.take(LARGE, 0) for _ in range(4)] == [True, True, True, False]
    assert intake.take(SMALL_BYTES, 0)


async def test_a_body_that_finds_no_room_is_503_whether_it_is_wanted_yet_or_not() -> None:
    intake = Intake(10)
    first, second, third = (Exchange(Double(intake), "POST", "/", [], True) for _ in range(3))
    first.add(b"12345678")
    second.add(b"123")
    second.end()
    with pytest.raises(Overloaded):
        await second.body(100)
    reading = asyncio.ensure_future(third.body(100))
    await asyncio.sleep(0)
    third.add(b"123")
    with pytest.raises(Overloaded):
        await reading
    first.end()
    assert await first.body(100) == b"12345678"
    first.release()
    assert intake.held == 0


async def test_what_is_held_is_given_back_however_a_request_ends() -> None:
    post = b"POST %s HTTP/1.1\r\nHost: g\r\nContent-Length: 3\r\n\r\n"
    gate = Gate()
    async with served(gate) as (server, port):
        assert isinstance(server.server_state, State)
        intake = server.server_state.intake
        async with connected(port) as (reader, writer):
            for path, body in ((b"/", b"abc"), (b"/defect", b"abc")):
                writer.write(post % path + body)
                await reader.readuntil(b"\r\n\r\n")
        async with connected(port) as (_, writer):
            writer.write(post % b"/later" + b"abc" + (post % b"/" + b"abc") * 3)
            await gate.waiting.wait()
            assert intake.held >= 3
        gate.let_go.set()
        async with asyncio.timeout(60):
            while intake.held or server.server_state.connections:  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0)


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        site.config["limits"] = {"max_body_bytes": LARGE + 1}
        site.write()
        yield site


def test_memory_has_a_ceiling_while_more_arrives_than_may_be_held(deployed: Deployment) -> None:
    """Clients send all of a large body but its last byte: small events are served, and later large ones."""
    bearer = deployed.bearer()
    head = f"POST /topics/free HTTP/1.1\r\nHost: g\r\nAuthorization: {bearer}\r\nContent-Length: %d\r\n\r\n"
    large, small = head % (LARGE + 1) + "[" + " " * (LARGE - 1), head % 2 + "[]"
    with ServerProcess(deployed.conf, log_level="CRITICAL") as server, closing(Connection(server.port)) as good:
        good.send(small.encode())
        assert good.answer().status == 202
        (worker,) = children(server.process.pid)
        before = resident(worker)
        with ExitStack() as stack:
            clients = [stack.enter_context(closing(Connection(server.port))) for _ in range(CLIENTS)]
            for client in clients:
                client.send(large.encode())
            refused = select.select(clients, [], [], 60)[0]  # as soon as one is answered there is no room
            good.send(small.encode())
            assert good.answer().status == 202
            grown = resident(worker) - before
            statuses = {client.answer().status for client in refused}
        good.send(large.encode() + b"]")
        assert good.answer().status == 202
    assert statuses == {503}
    assert grown < MOST_BYTES * OVERHEAD


def resident(pid: int) -> int:
    """The memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def children(pid: int) -> list[int]:
    """The worker processes of a server."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
