"""Gathering counts over lines whose other ends misbehave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from eventgate.server import gathering
from eventgate.server.gathering import Gathering
from eventgate.telemetry.families import Series
from eventgate.telemetry.snapshots import Snapshot

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """The line of one worker: the asking end and the answering one."""
    pair = socket.socketpair()
    with pair[0], pair[1]:
        for end in pair:
            end.setblocking(False)
        yield pair


def counts(requests: int) -> Series:
    return {"requests": {("/api", "200"): requests}, "events_in_flight": {(): 1}}


async def question(end: socket.socket) -> int:
    return int((await asyncio.get_running_loop().sock_recv(end, 4096)).split()[-1])


async def answer(end: socket.socket, *parts: bytes) -> None:
    for part in parts:
        await asyncio.get_running_loop().sock_sendall(end, part)


async def gathered(gatherer: Gathering, reply: Callable[[], Awaitable[None]]) -> Series:
    series, _ = await asyncio.gather(gatherer.series(), reply())
    return series


async def test_an_answer_to_another_question_and_half_of_one_are_passed_over(ends: Ends) -> None:
    async def reply() -> None:
        number = await question(ends[1])
        stale = Snapshot.of(number - 1, "old", counts(99)).line()
        await answer(ends[1], stale, stale[: len(stale) // 2], Snapshot.of(number, "new", counts(3)).line())

    series = await gathered(Gathering([ends[0]]), reply)
    assert series["requests"] == {("/api", "200"): 3}
    assert series["workers_silent"] == {(): 0}


async def test_a_successor_on_the_same_line_adds_to_what_was_counted(ends: Ends) -> None:
    gatherer = Gathering([ends[0]])
    for process, requests, expected in (("a", 3, 3), ("a", 4, 4), ("b", 1, 5), ("c", 2, 7)):

        async def reply(process: str = process, requests: int = requests) -> None:
            await answer(ends[1], Snapshot.of(await question(ends[1]), process, counts(requests)).line())

        series = await gathered(gatherer, reply)
        assert series["requests"] == {("/api", "200"): expected}
        assert series["events_in_flight"] == {(): 1}


async def test_a_silent_worker_keeps_its_counts_and_loses_its_gauges(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    gatherer = Gathering([ends[0]])

    async def reply() -> None:
        await answer(ends[1], Snapshot.of(await question(ends[1]), "a", counts(3)).line())

    await gathered(gatherer, reply)
    monkeypatch.setattr(gathering, "PATIENCE_SECONDS", 0.01)
    series = await gatherer.series()
    assert series == {"requests": {("/api", "200"): 3}, "workers": {(): 1}, "workers_silent": {(): 1}}


async def test_questions_that_nobody_reads_do_not_hold_up_the_page(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PATIENCE_SECONDS", 0.01)
    with suppress(BlockingIOError):
        while ends[0].send(b"0\n" * 1000):
            pass
    assert (await Gathering([ends[0]]).series())["workers_silent"] == {(): 1}


async def test_two_readers_at_once_get_the_same_counts(ends: Ends) -> None:
    gatherer = Gathering([ends[0]])

    async def reply() -> None:
        for _ in range(2):
            await answer(ends[1], Snapshot.of(await question(ends[1]), "a", counts(3)).line())

    one, other, _ = await asyncio.gather(gatherer.series(), gatherer.series(), reply())
    assert one == other
    assert one["requests"] == {("/api", "200"): 3}
