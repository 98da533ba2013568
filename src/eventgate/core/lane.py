"""A lane takes events to one writer, and has a result for each by the deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from eventgate.core.eager import start
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.timers import Timers
from eventgate.core.writer import Writer

log = logging.getLogger("eventgate.delivery")

GRACE_SECONDS = 0.05
"""How long after the deadline a writer's own result still counts: it knows more than that time ran out."""

CLOSE_SECONDS = 1.0
"""How long closing waits for writes that nobody waits for any more; what it takes to flush is the writer's to know."""
ANY_FAULT = (Exception, SystemExit, KeyboardInterrupt)
"""What a writer may raise without taking the gate along."""

BROKEN = "the writer failed in a way it should not; the gate's log says how"
_BROKEN = WriteResult(Outcome.UNKNOWN, reason=BROKEN)
LATE = WriteResult(Outcome.UNKNOWN, reason="no acknowledgement before the deadline")
NOT_STARTED = WriteResult(Outcome.FAILED, reason="the writer was busy until the deadline")
QUEUE_FULL = WriteResult(Outcome.FAILED, reason="too many events wait for this writer")


class Lane:
    """The way to a writer. Whatever the writer does, `write` gives a result by the deadline and never raises."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._timers = Timers()
        self._running: set[asyncio.Task[Any]] = set()
        self._targets = True

    def target(self, topic: str, options: Any) -> str | None:
        """Where the events of `topic` land; None where the writer does not say, or fails to."""
        if not self._targets:
            return None
        try:
            target = self.writer.target(topic, options)
        except ANY_FAULT:
            target = None
            log.warning("writer %s failed in target", self.writer.name, exc_info=True)
        if isinstance(target, str):
            return target
        self._targets = False
        log.warning("writer %s does not say where it writes: no receipt spares it a retry", self.writer.name)
        return None

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
                return LATE
        return writing.result()[0]

    async def write_many(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """The writer's result for each of `events`, in order; they are of one topic, and go in one call."""
        writing = start(self._write_group(events, deadline))
        if not writing.done():
            await self._wait(writing, deadline + GRACE_SECONDS)
        return writing.result() if writing.done() else [LATE] * len(events)

    async def _wait(self, writing: asyncio.Task[Sequence[WriteResult]], until: float) -> None:
        """Wait for `writing`; what is not done by then, or no longer wanted, is cancelled and left to itself."""
        self._running.add(writing)
        over = asyncio.get_running_loop().create_future()
        writing.add_done_callback(partial(self._end, over))
        number = self._timers.start(until, partial(_set, over))
        try:
            await over
        finally:
            self._timers.stop(number)
            if not writing.done():
                writing.cancel()

    def _end(self, over: asyncio.Future[None], writing: asyncio.Task[Sequence[WriteResult]]) -> None:
        self._running.discard(writing)
        _set(over)

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


def _set(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
