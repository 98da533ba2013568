"""The client for event loops: what differs from the other one."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from eventgate.client import AsyncClient, Client, Retry, Unanswered
from tests.scripted_gate import ACCEPTED, Posted, Says, refused, scripted_gate

FAST = Retry(first=0.001, longest=0.005, total=20, introduction=20)
BUSY = Says(503, refused(503, "overload").document, {"Retry-After": "15"})


async def test_posts_are_under_way_side_by_side() -> None:
    """All four are with the gate before it answers one."""
    together = threading.Barrier(4)

    def answer(post: Posted) -> Says:
        return ACCEPTED

    with scripted_gate(answer) as gate:
        gate.hold = lambda: together.wait(10)
        async with AsyncClient(gate.url, "t", connections=4) as client:
            answers = await asyncio.gather(*(client.post("t", {"n": n}) for n in range(4)))
    assert all(answer.accepted for answer in answers)


async def test_waiting_for_another_attempt_holds_no_connection() -> None:
    with scripted_gate(lambda post: BUSY if post.body == b"1" and post.attempt == 1 else ACCEPTED) as gate:
        arrived = threading.Event()
        gate.hold = arrived.set
        async with AsyncClient(gate.url, "t", connections=1) as client:
            waiting = asyncio.create_task(client.post("t", b"1"))
            assert await asyncio.to_thread(arrived.wait, 10)
            assert (await client.post("t", b"2")).accepted
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting


async def test_closing_ends_posts_that_wait_for_an_answer() -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        go_on.wait(30)

    with scripted_gate(lambda post: ACCEPTED) as gate:
        gate.hold = hold
        client = AsyncClient(gate.url, "t", retry=FAST)
        posting = asyncio.create_task(client.post("t", b"1"))
        assert await asyncio.to_thread(arrived.wait, 10)
        began = time.monotonic()
        await client.close()
        with pytest.raises(Unanswered):
            await posting
        assert time.monotonic() - began < 20  # and not as long as the gate holds the answer
        with pytest.raises(Unanswered, match="closed"):
            await client.post("t", b"2")
        go_on.set()


def test_closing_the_other_client_does_as_well() -> None:
    arrived, go_on = threading.Event(), threading.Event()
    ended: list[BaseException] = []

    def hold() -> None:
        arrived.set()
        go_on.wait(30)

    def post(client: Client) -> None:
        try:
            client.post("t", b"1")
        except Unanswered as error:
            ended.append(error)

    with scripted_gate(lambda post: ACCEPTED) as gate:
        gate.hold = hold
        client = Client(gate.url, "t", retry=FAST)
        thread = threading.Thread(target=post, args=(client,))
        thread.start()
        assert arrived.wait(10)
        client.close()
        client.close()
        thread.join(5)
        assert not thread.is_alive()
        assert len(ended) == 1
        with pytest.raises(Unanswered, match="closed"):
            client.post("t", b"2")
        go_on.set()


async def test_stopping_lets_waiting_posts_give_up_with_what_they_know() -> None:
    with scripted_gate(lambda post: BUSY) as gate:
        arrived = threading.Event()
        gate.hold = arrived.set
        async with AsyncClient(gate.url, "t") as client:
            waiting = asyncio.create_task(client.post("t", b"1"))
            assert await asyncio.to_thread(arrived.wait, 10)
            client.stop()
            assert (await waiting).status == 503
