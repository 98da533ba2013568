"""A lane takes single events to one writer: alone, or grouped with those that wait beside them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

from eventgate.core.eager import start
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.timers import Timers
from eventgate.core.writer import Grouping, Writer

log = logging.getLogger("eventgate.delivery")

GRACE_SECONDS = 0.05
"""How long after the deadline a writer's own result still counts: it knows more than that time ran out."""

CLOSE_SECONDS = 5.0
"""How long closing waits for writes whose deadlines have passed."""
ANY_FAULT = (Exception, SystemExit, KeyboardInterrupt)
"""What a writer may raise without taking the gate along."""

BROKEN = "the writer failed in a way it should not; the gate's log says how"
_BROKEN = WriteResult(Outcome.UNKNOWN, reason=BROKEN)
_LATE = WriteResult(Outcome.UNKNOWN, reason="no acknowledgement before the deadline")
_NOT_STARTED = WriteResult(Outcome.FAILED, reason="the writer was busy until the deadline")
_QUEUE_FULL = WriteResult(Outcome.FAILED, reason="too many events wait for this writer")


class Lane:
    """The way to a writer. Whatever the writer does, `write` gives a result by the deadline and never raises."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._timers = Timers()
        self._running: set[asyncio.Task[Any]] = set()

    def refuse(self, event: Event) -> Unacceptable | WriteResult | None:
        """Why the sink can never take `event`; a `failed` result where the writer itself cannot say."""
        try:
            return self.writer.refuse(event)
        except ANY_FAULT:
            log.warning("writer %s failed in refuse", self.writer.name, exc_info=True)
            return WriteResult(Outcome.FAILED, reason=BROKEN)

    async def write(self, event: Event, deadline: float) -> WriteResult:
        """The writer's result for `event`; `unknown` where it gave none by `deadline`."""
        writing = start(self._write_group((event,), deadline))
        if not writing.done():
            await self._wait(writing, deadline + GRACE_SECONDS)
            if not writing.done():
                return _LATE
        return writing.result()[0]

    async def _wait(self, writing: asyncio.Task[Sequence[WriteResult]], until: float) -> None:
        """Wait for `writing`; what is not done by then, or no longer wanted, is cancelled and left to itself."""
        self._running.add(writing)
        writing.add_done_callback(self._running.discard)
        over = asyncio.get_running_loop().create_future()
        writing.add_done_callback(lambda _: _set(over))
        number = self._timers.start(until, lambda: _set(over))
        try:
            await over
        finally:
            self._timers.stop(number)
            if not writing.done():
                writing.cancel()

    async def _write_group(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        try:
            results = await self.writer.write(events, deadline)
            if len(results) == len(events) and not [each for each in results if not isinstance(each, WriteResult)]:
                return results
            log.warning("writer %s gave %d results for %d events", self.writer.name, len(results), len(events))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            log.warning("writer %s cancelled itself", self.writer.name, exc_info=True)
        except ANY_FAULT:
            log.warning("writer %s raised", self.writer.name, exc_info=True)
        return [_BROKEN] * len(events)

    async def close(self) -> None:
        """Let what is under way come to its end, for a moment; the writer itself is closed by who opened it."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_SECONDS)


class _Waiting:
    """An event in the queue, and where its result goes."""

    __slots__ = ("deadline", "event", "result")

    def __init__(self, event: Event, deadline: float, result: asyncio.Future[WriteResult]) -> None:
        self.event = event
        self.deadline = deadline
        self.result = result


class GroupingLane(Lane):
    """Writes what has queued up while the writer was busy as one group; a lone event goes at once."""

    def __init__(self, writer: Writer, grouping: Grouping) -> None:
        super().__init__(writer)
        self._grouping = grouping
        self._queue: deque[_Waiting] = deque()
        self._writing = 0

    async def write(self, event: Event, deadline: float) -> WriteResult:
        """As for a lane; `failed` if the event's turn never came."""
        if len(self._queue) >= self._grouping.max_queued:
            return _QUEUE_FULL
        loop = asyncio.get_running_loop()
        waiting = _Waiting(event, deadline, loop.create_future())
        self._queue.append(waiting)
        if self._writing < self._grouping.concurrency:
            self._writing += 1
            runner = loop.create_task(self._run())
            self._running.add(runner)
            runner.add_done_callback(self._running.discard)
        number = self._timers.start(deadline + GRACE_SECONDS, partial(self._expire, waiting))
        try:
            return await waiting.result
        finally:
            self._timers.stop(number)

    def _expire(self, waiting: _Waiting) -> None:
        if waiting.result.done():
            return
        try:
            self._queue.remove(waiting)
        except ValueError:
            waiting.result.set_result(_LATE)
        else:
            waiting.result.set_result(_NOT_STARTED)

    async def _run(self) -> None:
        try:
            while group := self._next_group():
                deadline = max(waiting.deadline for waiting in group)
                results = await self._write_within(group, deadline)
                for waiting, result in zip(group, results, strict=True):
                    if not waiting.result.done():
                        waiting.result.set_result(result)
        finally:
            self._writing -= 1  # in one turn with the look at the queue, not when the task is known to be done

    async def _write_within(self, group: list[_Waiting], deadline: float) -> Sequence[WriteResult]:
        try:
            async with asyncio.timeout_at(deadline + GRACE_SECONDS):
                return await self._write_group([waiting.event for waiting in group], deadline)
        except TimeoutError:
            return [_LATE] * len(group)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        now = asyncio.get_running_loop().time()
        while self._queue and len(group) < self._grouping.max_events:
            waiting = self._queue[0]
            size += len(waiting.event.body)
            if group and size > self._grouping.max_bytes:
                break
            self._queue.popleft()
            if waiting.deadline <= now and not waiting.result.done():
                waiting.result.set_result(_NOT_STARTED)
            if not waiting.result.done():
                group.append(waiting)
        return group


def _set(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


class TopicLanes(Lane):
    """A grouping lane for each topic: one that is held up holds up no other."""

    def __init__(self, writer: Writer, grouping: Grouping) -> None:
        super().__init__(writer)
        self._grouping = grouping
        self._lanes: dict[str, GroupingLane] = {}

    async def write(self, event: Event, deadline: float) -> WriteResult:
        """As for the topic's lane."""
        lane = self._lanes.get(event.topic)
        if lane is None:
            lane = self._lanes[event.topic] = GroupingLane(self.writer, self._grouping)
        return await lane.write(event, deadline)

    async def close(self) -> None:
        """Wait until every queue is written."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


def lane_to(writer: Writer) -> Lane:
    """The lane that `writer` asks for."""
    if writer.grouping is None:
        return Lane(writer)
    return (TopicLanes if writer.grouping.by_topic else GroupingLane)(writer, writer.grouping)
