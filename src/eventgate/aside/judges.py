"""The processes that judge for a gate: few, started when they are needed, and replaced when they took too long."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Final

from eventgate.aside.messages import Question, Verdict
from eventgate.aside.process import JudgingProcess, start_process
from eventgate.core.topics import CompiledSchema
from eventgate.errors import InvalidEvent, Overloaded

log = logging.getLogger("eventgate.aside")

PROCESSES: Final = 2
"""One that is busy with the costliest of events leaves another for the rest."""
MOST_WAITING: Final = 32
"""Events that may wait for a process, or be with one."""
_GRACE_SECONDS: Final = 1
"""How long after the deadline a process ends that its gate has not ended."""


class Judges:
    """Judges events elsewhere, so that others have their turn. Made for one gate; `close` ends the processes."""

    def __init__(self, processes: int = PROCESSES, waiting: int = MOST_WAITING) -> None:
        self._free = asyncio.Semaphore(processes)
        self._idle: list[JudgingProcess] = []
        self._waiting = 0
        self._most = waiting
        self._closed = False

    @property
    def idle(self) -> int:
        """How many processes wait for an event."""
        return len(self._idle)

    async def check(self, schema: CompiledSchema, event: bytes, deadline: float) -> None:
        """Raises `InvalidEvent` unless `event`, one JSON document, matches `schema`.

        Raises `Overloaded` where no process has said so by `deadline` (`loop.time()`), or too many events wait for it.
        """
        if self._waiting >= self._most:
            raise Overloaded("too many large events wait to be judged")
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline), self._free:
                left = max(0.0, deadline - asyncio.get_running_loop().time())
                verdict = await self._ask(Question(schema.source, event, math.ceil(left) + _GRACE_SECONDS))
        except TimeoutError:
            raise Overloaded("the event could not be judged in time", retry_after=5) from None
        finally:
            self._waiting -= 1
        if verdict.problems:
            raise InvalidEvent(verdict.problems, truncated=verdict.truncated)

    async def close(self) -> None:
        """End the processes; one that judges ends with its event."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def _ask(self, question: Question) -> Verdict:
        """The answer of an idle process, or of a new one."""
        while True:
            is_new = not self._idle
            process = await self._started() if is_new else self._idle.pop()
            try:
                verdict = await process.verdict(question)
            except (OSError, EOFError):
                await process.end()
                if is_new:  # an old one may have died of something else
                    raise RuntimeError("a process that was to judge an event ended before it did") from None
            except BaseException:
                await process.end()
                raise
            else:
                await self._put_back(process)
                return verdict

    async def _put_back(self, process: JudgingProcess) -> None:
        if self._closed:
            await process.end()
        else:
            self._idle.append(process)

    async def _started(self) -> JudgingProcess:
        try:
            return await start_process()
        except OSError:
            log.exception("no process could be started to judge a large event")
            raise Overloaded("the event cannot be judged now", retry_after=5) from None
