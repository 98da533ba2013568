"""The way to one writer: one result for each event, by the deadline, whatever the writer does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from eventgate.core.lane import Lane
from eventgate.core.lanes import lane_to
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter, make_event

ALONE = None
GROUPED = Grouping(max_events=3, max_bytes=1000, max_queued=4)


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return asyncio.get_running_loop().time() + seconds


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
async def test_the_writers_own_result_is_passed_on(grouping: Grouping | None) -> None:
    lane = lane_to(RecordingWriter(grouping=grouping))
    assert await lane.write(make_event(), soon()) == WriteResult(Outcome.DELIVERED, {"index": 0})


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        asyncio.CancelledError(),
        TimeoutError(),
        RecursionError(),
        StopAsyncIteration(),
        SystemExit(3),
        KeyboardInterrupt(),
    ],
)
async def test_a_writer_that_raises_may_have_written(grouping: Grouping | None, error: BaseException) -> None:
    result = await lane_to(FailingWriter(error=error, grouping=grouping)).write(make_event(), soon())
    assert result.outcome is Outcome.UNKNOWN
    assert "secret" not in str(result.reason)


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
async def test_a_writer_that_forgets_its_deadline_is_unknown_and_not_waited_for(grouping: Grouping | None) -> None:
    lane = lane_to(SlowWriter(heeds_deadline=False, grouping=grouping))
    result = await lane.write(make_event(), soon(0.01))
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "no acknowledgement before the deadline")


class StubbornWriter(RecordingWriter):
    """Will not be cancelled: it ends only when it is told to."""

    def __init__(self, grouping: Grouping | None) -> None:
        super().__init__(grouping=grouping)
        self.may_end = asyncio.Event()

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        while not self.may_end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.may_end.wait()
        return await super().write(events, deadline)


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
async def test_a_writer_that_will_not_be_cancelled_is_left_behind(grouping: Grouping | None) -> None:
    writer = StubbornWriter(grouping)
    lane = lane_to(writer)
    assert (await lane.write(make_event(), soon(0.01))).outcome is Outcome.UNKNOWN
    writer.may_end.set()
    await lane.close()


class MiscountingWriter(RecordingWriter):
    """Gives one result too few."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        return (await super().write(events, deadline))[1:]


@pytest.mark.parametrize("grouping", [ALONE, GROUPED])
async def test_results_that_cannot_be_told_apart_are_unknown(grouping: Grouping | None) -> None:
    result = await lane_to(MiscountingWriter(grouping=grouping)).write(make_event(), soon())
    assert result.outcome is Outcome.UNKNOWN


class DefectiveWriter(RecordingWriter):
    """Cannot say what it refuses."""

    def refuse(self, event: Event) -> Unacceptable | None:
        raise ValueError("secret")


def test_a_writer_that_cannot_say_what_it_refuses_has_failed() -> None:
    result = Lane(DefectiveWriter()).refuse(make_event())
    assert isinstance(result, WriteResult)
    assert result.outcome is Outcome.FAILED
    assert "secret" not in str(result.reason)


async def test_a_cancelled_request_is_cancelled() -> None:
    writer = SlowWriter()
    task = asyncio.create_task(lane_to(writer).write(make_event(), soon()))
    await writer.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_waits_while_the_writer_is_busy_goes_together_and_in_order() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="0"), soon()))
    await writer.started.wait()
    rest = [asyncio.create_task(lane.write(make_event(event_id=str(number)), soon())) for number in range(1, 5)]
    await asyncio.sleep(0)
    writer.release.set()
    results = await asyncio.gather(first, *rest)
    assert [[event.event_id for event in group] for group in writer.groups] == [["0"], ["1", "2", "3"], ["4"]]
    assert [result.position["index"] for result in results] == [0, 1, 2, 3, 4]


async def test_a_group_is_bounded_in_bytes_but_takes_one_event_of_any_size() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    tasks = [asyncio.create_task(lane.write(make_event(body=b'"%s"' % (b"x" * 600)), soon())) for _ in range(2)]
    tasks.append(asyncio.create_task(lane.write(make_event(body=b'"%s"' % (b"x" * 5000)), soon())))
    writer.release.set()
    await asyncio.gather(*tasks)
    assert [len(group) for group in writer.groups] == [1, 1, 1]


async def test_an_event_that_comes_just_as_the_last_group_ends_is_written_too() -> None:
    lane = lane_to(RecordingWriter(grouping=GROUPED))
    for _ in range(5):
        assert (await lane.write(make_event(), soon(0.2))).outcome is Outcome.DELIVERED


class CountingWriter(SlowWriter):
    """Counts the writes that wait."""

    waiting = 0

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        self.waiting += 1
        return await super().write(events, deadline)


async def test_no_more_writes_are_under_way_than_the_writer_takes() -> None:
    writer = CountingWriter(grouping=Grouping(max_events=1, concurrency=2))
    lane = lane_to(writer)
    tasks = [asyncio.create_task(lane.write(make_event(), soon())) for _ in range(5)]
    await writer.started.wait()
    await asyncio.sleep(0)
    assert writer.waiting == 2
    writer.release.set()
    await asyncio.gather(*tasks)
    assert len(writer.events) == 5


async def test_more_than_may_wait_fails_at_once() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    tasks = [asyncio.create_task(lane.write(make_event(), soon()))]
    await writer.started.wait()
    tasks += [asyncio.create_task(lane.write(make_event(), soon())) for _ in range(4)]
    await asyncio.sleep(0)
    result = await lane.write(make_event(), soon())
    assert (result.outcome, result.reason) == (Outcome.FAILED, "too many events wait for this writer")
    writer.release.set()
    assert {(await task).outcome for task in tasks} == {Outcome.DELIVERED}


async def test_an_event_whose_turn_never_came_has_certainly_failed_and_is_not_written_later() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="first"), soon()))
    await writer.started.wait()
    result = await lane.write(make_event(event_id="late"), soon(0.01))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "the writer was busy until the deadline")
    writer.release.set()
    await first
    await lane.close()
    assert [event.event_id for event in writer.events] == ["first"]


async def test_a_cancelled_event_that_still_waits_is_not_written() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    first = asyncio.create_task(lane.write(make_event(event_id="first"), soon()))
    await writer.started.wait()
    second = asyncio.create_task(lane.write(make_event(event_id="second"), soon()))
    await asyncio.sleep(0)
    second.cancel()
    writer.release.set()
    await first
    await lane.close()
    assert [event.event_id for event in writer.events] == ["first"]


async def test_closing_waits_until_the_queue_is_written() -> None:
    writer = SlowWriter(grouping=GROUPED)
    lane = lane_to(writer)
    tasks = [asyncio.create_task(lane.write(make_event(), soon())) for _ in range(4)]
    await writer.started.wait()
    closing = asyncio.create_task(lane.close())
    writer.release.set()
    await closing
    assert len(writer.events) == 4
    await asyncio.gather(*tasks)


class OneTopicStuck(RecordingWriter):
    """Does not come back for events of the topic `stuck` until it is let go."""

    def __init__(self) -> None:
        super().__init__(grouping=Grouping(by_topic=True))
        self.let_go = asyncio.Event()
        self.seen: list[set[str]] = []

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        self.seen.append({event.topic for event in events})
        if events[0].topic == "stuck":
            await self.let_go.wait()
        return await super().write(events, deadline)


async def test_topics_that_are_kept_apart_do_not_wait_for_each_other() -> None:
    """Groups hold events of one topic, and closing waits for all of them."""
    writer = OneTopicStuck()
    lane = lane_to(writer)
    stuck = [asyncio.ensure_future(lane.write(make_event(topic="stuck"), soon())) for _ in range(3)]
    free = await asyncio.gather(*(lane.write(make_event(topic="free"), soon()) for _ in range(3)))
    assert {result.outcome for result in free} == {Outcome.DELIVERED}
    assert not any(task.done() for task in stuck)
    writer.let_go.set()
    await lane.close()
    assert {result.outcome for result in await asyncio.gather(*stuck)} == {Outcome.DELIVERED}
    assert all(len(topics) == 1 for topics in writer.seen)
