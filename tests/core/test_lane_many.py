"""Many events at once on the way to one writer: in its groups, in order, a result for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.lanes import lane_to
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.writer import Grouping
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter, make_event
from tests.core.test_lane import ALONE, GROUPED, soon


def some(*bodies: bytes, topic: str = "orders") -> list[Event]:
    """Events with these bodies, their index as id."""
    return [make_event(body=body, event_id=str(index), topic=topic) for index, body in enumerate(bodies)]


async def test_many_events_go_in_one_call_where_the_writer_has_no_groups() -> None:
    writer = RecordingWriter()
    results = await lane_to(writer).write_many(some(b"0", b"1", b"2"), soon())
    assert [len(group) for group in writer.groups] == [3]
    assert [result.position["index"] for result in results] == [0, 1, 2]


@given(
    sizes=st.lists(st.integers(1, 1500), min_size=1, max_size=12),
    concurrency=st.integers(1, 3),
    by_topic=st.booleans(),
)
def test_many_events_go_in_the_groups_that_the_writer_wants_and_each_has_its_result(
    sizes: list[int], concurrency: int, by_topic: bool
) -> None:
    grouping = Grouping(max_events=3, max_bytes=1000, concurrency=concurrency, by_topic=by_topic)
    writer = IdWriter(grouping=grouping)
    events = some(*(b"1" * size for size in sizes))
    results = asyncio.run(within(writer, events))
    assert [result.position["id"] for result in results] == [event.event_id for event in events]
    assert [event for group in writer.groups for event in group] == events
    for group in writer.groups:
        assert len(group) <= 3
        assert len(group) == 1 or sum(len(event.body) for event in group) <= 1000


class IdWriter(RecordingWriter):
    """Says each event's id."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        await super().write(events, deadline)
        await asyncio.sleep(0)
        return [WriteResult(Outcome.DELIVERED, {"id": event.event_id}) for event in events]


async def within(writer: RecordingWriter, events: list[Event]) -> Sequence[WriteResult]:
    return await lane_to(writer).write_many(events, soon())


async def test_many_events_and_single_ones_share_groups_and_places() -> None:
    writer = SlowWriter(grouping=Grouping(max_events=3))
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="first"), soon()))
    await writer.started.wait()
    many = asyncio.create_task(lane.write_many(some(b"0", b"1", b"2", b"3"), soon()))
    await asyncio.sleep(0)
    last = asyncio.create_task(lane.write(make_event(event_id="last"), soon()))
    await asyncio.sleep(0)
    writer.release.set()
    assert len(await many) == 4
    await asyncio.gather(first, last)
    ids = [[event.event_id for event in group] for group in writer.groups]
    assert ids == [["first"], ["0", "1", "2"], ["3", "last"]]


@pytest.mark.parametrize("grouping", [ALONE, GROUPED, Grouping(max_events=3, by_topic=True)])
async def test_many_events_that_a_writer_holds_past_the_deadline_are_unknown(grouping: Grouping | None) -> None:
    writer = SlowWriter(heeds_deadline=False, grouping=grouping)
    results = await lane_to(writer).write_many(some(b"0", b"1"), soon(0.01))
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2


async def test_of_many_events_those_whose_turn_never_came_have_certainly_failed() -> None:
    writer = SlowWriter(heeds_deadline=False, grouping=Grouping(max_events=2))
    lane = lane_to(writer)
    results = await lane.write_many(some(b"0", b"1", b"2", b"3", b"4"), soon(0.01))
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2 + [Outcome.FAILED] * 3
    writer.release.set()
    await lane.close()
    assert len(writer.events) <= 2


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
async def test_a_writer_that_raises_may_have_written_any_of_many(grouping: Grouping | None) -> None:
    results = await lane_to(FailingWriter(error=ValueError("x"), grouping=grouping)).write_many(
        some(b"0", b"1"), soon()
    )
    assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 2


async def test_a_queue_with_room_takes_many_events_and_one_without_takes_none() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    many = asyncio.create_task(lane.write_many(some(*[b"1"] * 10), soon()))
    await writer.started.wait()
    refused = await lane.write_many(some(b"0", b"1"), soon())
    assert {result.reason for result in refused} == {"too many events wait for this writer"}
    assert (await lane.write(make_event(), soon())).outcome is Outcome.FAILED
    writer.release.set()
    assert {result.outcome for result in await many} == {Outcome.DELIVERED}
    assert (await lane.write(make_event(), soon())).outcome is Outcome.DELIVERED


async def test_a_cancelled_batch_that_still_waits_is_not_written() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="first"), soon()))
    await writer.started.wait()
    many = asyncio.create_task(lane.write_many(some(b"0", b"1"), soon()))
    await asyncio.sleep(0)
    many.cancel()
    with pytest.raises(asyncio.CancelledError):
        await many
    writer.release.set()
    await first
    await lane.close()
    assert [event.event_id for event in writer.events] == ["first"]
