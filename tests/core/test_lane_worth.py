"""Lanes to writers that would rather have few large groups: when another one begins beside a group under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from eventgate.core import lanes
from eventgate.core.lane import Lane
from eventgate.core.lanes import lane_to
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.writer import Grouping
from eventgate.testing import RecordingWriter, make_event
from tests.core.test_lane import soon

ROOMY = Grouping(concurrency=4, worth=3)


class HeldUpWriter(RecordingWriter):
    """Its first group waits until it is let go; later ones do not."""

    def __init__(self) -> None:
        super().__init__(grouping=ROOMY)
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        if not self.begun.is_set():
            self.begun.set()
            await self.let_go.wait()
        return await super().write(events, deadline)


async def held_up() -> tuple[HeldUpWriter, Lane, asyncio.Task[WriteResult]]:
    """A writer, its lane, and the first event, which is under way."""
    writer = HeldUpWriter()
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="first"), soon(60)))
    await writer.begun.wait()
    return writer, lane, first


def ids(writer: RecordingWriter) -> list[list[str]]:
    return [[event.event_id for event in group] for group in writer.groups]


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses patience."""
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 3600.0)


@pytest.mark.usefixtures("endless")
async def test_few_events_wait_for_the_group_that_is_under_way() -> None:
    writer, lane, first = await held_up()
    others = [asyncio.create_task(lane.write(make_event(event_id=name), soon(60))) for name in "ab"]
    for _ in range(5):
        await asyncio.sleep(0)
    assert ids(writer) == []
    writer.let_go.set()
    await asyncio.gather(first, *others)
    assert ids(writer) == [["first"], ["a", "b"]]


@pytest.mark.usefixtures("endless")
async def test_enough_events_begin_a_group_beside_the_one_under_way() -> None:
    writer, lane, first = await held_up()
    await asyncio.gather(*(lane.write(make_event(event_id=name), soon(60)) for name in "abc"))
    assert ids(writer) == [["a", "b", "c"]]
    writer.let_go.set()
    assert (await first).outcome is Outcome.DELIVERED


@pytest.mark.usefixtures("endless")
async def test_a_batch_that_is_large_enough_does_not_wait() -> None:
    writer, lane, first = await held_up()
    await lane.write_many([make_event(event_id=name) for name in "abcd"], soon(60))
    assert ids(writer) == [["a", "b", "c", "d"]]
    writer.let_go.set()
    await first


async def test_a_group_that_is_held_up_holds_up_few_events_for_a_moment_only() -> None:
    """Again and again: each time it is another lone event that would otherwise wait for the first one's deadline."""
    writer, lane, first = await held_up()
    for name in "ab":
        assert (await lane.write(make_event(event_id=name), soon(60))).outcome is Outcome.DELIVERED
    assert ids(writer) == [["a"], ["b"]]
    writer.let_go.set()
    await first
