"""Lanes in which events wait together: what queues up while the writer is busy is written as one group."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial

from eventgate.core.lane import GRACE_SECONDS, LATE, NOT_STARTED, QUEUE_FULL, Lane
from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import Grouping, Writer

PATIENCE_SECONDS = 0.01
"""How long events wait for others to make a group worth while beside one that is under way."""


class _Waiting:
    """Events in the queue that are written together, and where their results go."""

    __slots__ = ("deadline", "events", "results", "size")

    def __init__(
        self, events: Sequence[Event], size: int, deadline: float, results: asyncio.Future[Sequence[WriteResult]]
    ) -> None:
        self.events = events
        self.size = size
        self.deadline = deadline
        self.results = results

    def settle(self, result: WriteResult) -> None:
        """Give all of them `result`, unless they have theirs."""
        if not self.results.done():
            self.results.set_result([result] * len(self.events))


class GroupingLane(Lane):
    """Writes what has queued up while the writer was busy as one group; a lone event goes at once."""

    def __init__(self, writer: Writer, grouping: Grouping) -> None:
        super().__init__(writer)
        self._grouping = grouping
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        self._writing = 0
        self._looks_again = False

    async def write(self, event: Event, deadline: float) -> WriteResult:
        """As for a lane; `failed` if the event's turn never came."""
        if self._queued >= self._grouping.max_queued:
            return QUEUE_FULL
        waiting = self._queue_up((event,), len(event.body), deadline)
        self._run_more(1)
        number = self._timers.start(deadline + GRACE_SECONDS, partial(self._expire, waiting))
        try:
            return (await waiting.results)[0]
        finally:
            self._timers.stop(number)

    async def write_many(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """As for a lane, in as many groups as the writer wants; a queue with room takes all of them."""
        if self._queued >= self._grouping.max_queued:
            return [QUEUE_FULL] * len(events)
        parts = [self._queue_up(part, size, deadline) for part, size in _parts(events, self._grouping)]
        self._run_more(len(parts))
        number = self._timers.start(deadline + GRACE_SECONDS, partial(self._expire, *parts))
        try:
            written = await asyncio.gather(*(part.results for part in parts))
        finally:
            self._timers.stop(number)
        return [result for results in written for result in results]

    def _queue_up(self, events: Sequence[Event], size: int, deadline: float) -> _Waiting:
        waiting = _Waiting(events, size, deadline, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued += len(events)
        return waiting

    def _run_more(self, most: int) -> None:
        """Start to write, in up to `most` more places at once if the writer has them and it is worth while."""
        if self._writing and self._queued < self._grouping.worth:
            if not self._looks_again and self._writing < self._grouping.concurrency:
                self._looks_again = True
                self._timers.start(asyncio.get_running_loop().time() + PATIENCE_SECONDS, self._look_again)
            return
        self._start(most)

    def _look_again(self) -> None:
        """Some have waited long enough; what is under way may take much longer."""
        self._looks_again = False
        if self._queue:
            self._start(1)

    def _start(self, most: int) -> None:
        for _ in range(min(most, self._grouping.concurrency - self._writing)):
            self._writing += 1
            runner = asyncio.get_running_loop().create_task(self._run())
            self._running.add(runner)
            runner.add_done_callback(self._running.discard)

    def _expire(self, *parts: _Waiting) -> None:
        for waiting in parts:
            if waiting.results.done():
                continue
            try:
                self._queue.remove(waiting)
            except ValueError:
                waiting.settle(LATE)
            else:
                self._queued -= len(waiting.events)
                waiting.settle(NOT_STARTED)

    async def _run(self) -> None:
        try:
            while group := self._next_group():
                deadline = max(waiting.deadline for waiting in group)
                events = group[0].events if len(group) == 1 else [event for each in group for event in each.events]
                results = await self._write_within(events, deadline)
                start = 0
                for waiting in group:
                    end = start + len(waiting.events)
                    if not waiting.results.done():
                        waiting.results.set_result(results[start:end])
                    start = end
        finally:
            self._writing -= 1  # in one turn with the look at the queue, not when the task is known to be done

    async def _write_within(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        try:
            async with asyncio.timeout_at(deadline + GRACE_SECONDS):
                return await self._write_group(events, deadline)
        except TimeoutError:
            return [LATE] * len(events)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        count = size = 0
        now = asyncio.get_running_loop().time()
        while self._queue:
            waiting = self._queue[0]
            count += len(waiting.events)
            size += waiting.size
            if group and (count > self._grouping.max_events or size > self._grouping.max_bytes):
                break
            self._queue.popleft()
            self._queued -= len(waiting.events)
            if waiting.deadline <= now:
                waiting.settle(NOT_STARTED)
            if not waiting.results.done():
                group.append(waiting)
        return group


class TopicLanes(Lane):
    """A grouping lane for each topic: one that is held up holds up no other."""

    def __init__(self, writer: Writer, grouping: Grouping) -> None:
        super().__init__(writer)
        self._grouping = grouping
        self._lanes: dict[str, GroupingLane] = {}

    async def write(self, event: Event, deadline: float) -> WriteResult:
        """As for the topic's lane."""
        return await self._lane_of(event).write(event, deadline)

    async def write_many(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """As for the topic's lane."""
        return await self._lane_of(events[0]).write_many(events, deadline)

    def _lane_of(self, event: Event) -> GroupingLane:
        lane = self._lanes.get(event.topic)
        if lane is None:
            lane = self._lanes[event.topic] = GroupingLane(self.writer, self._grouping)
        return lane

    async def close(self) -> None:
        """Wait until every queue is written."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


def lane_to(writer: Writer) -> Lane:
    """The lane that `writer` asks for."""
    if writer.grouping is None:
        return Lane(writer)
    return (TopicLanes if writer.grouping.by_topic else GroupingLane)(writer, writer.grouping)


def _parts(events: Sequence[Event], grouping: Grouping) -> Iterator[tuple[Sequence[Event], int]]:
    """`events` in runs that may each be one group, with the bytes of each."""
    start = size = 0
    for index, event in enumerate(events):
        added = len(event.body)
        if index > start and (index - start >= grouping.max_events or size + added > grouping.max_bytes):
            yield events[start:index], size
            start, size = index, 0
        size += added
    yield events[start:], size
