"""A group on its way into the database: tried again where that helps, halved where one event is to blame."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Sequence

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.writers.postgres.errors import CONNECTING, Remedy, Trouble
from eventgate.writers.postgres.pool import Lease, Pool
from eventgate.writers.postgres.transaction import Attempt, Task

FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.5
MAX_RECONNECTS = 20
"""More than a pool holds stale connections; what fails more often than that is not stale."""

AfterCommit = Callable[[Lease, Task, float], Awaitable[None]]
"""What is done with the connection of a transaction that came through, by a time."""


class Group:
    """Delivers groups of one topic with distinct ids."""

    def __init__(self, pool: Pool, after: AfterCommit) -> None:
        self._pool = pool
        self._after = after

    async def deliver(self, task: Task, events: Sequence[Event], until: float) -> list[WriteResult]:
        """One result for each event, in order, by `until`; never raises for what the database does."""
        try:
            return await self._through(task, events, until)
        except Trouble as problem:
            if problem.remedy is not Remedy.HALVE:
                return [_missed(problem)] * len(events)
            if len(events) == 1:
                return [WriteResult(Outcome.REFUSED, reason=problem.reason)]
        middle = len(events) // 2
        first = await self.deliver(task, events[:middle], until)
        return [*first, *await self.deliver(task, events[middle:], until)]

    async def _through(self, task: Task, events: Sequence[Event], until: float) -> list[WriteResult]:
        """The group in one transaction, as often as it takes; raises `Trouble` for what does not come through."""
        doubtful: frozenset[str] = frozenset()
        pause = FIRST_PAUSE_SECONDS
        for tries in itertools.count(1):
            try:
                return await self._attempt(task, events, until, doubtful)
            except _Failed as failed:
                problem = failed.problem
                if problem.in_doubt:
                    doubtful |= failed.new
                if problem.remedy is Remedy.HALVE and not problem.in_doubt:
                    raise problem from None  # its own attempt got past the ledger: no earlier one is there
                if not _again(problem, task, tries, bool(doubtful)):
                    raise _final(problem, doubtful) from None
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            left = until - asyncio.get_running_loop().time()
            if left <= pause:
                raise _final(problem, doubtful) from None
            if tries > 1 or problem.remedy is not Remedy.RECONNECT:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  so that two do not meet again
        raise AssertionError  # the loop has no other end

    async def _attempt(
        self, task: Task, events: Sequence[Event], until: float, doubtful: frozenset[str]
    ) -> list[WriteResult]:
        attempt: Attempt | None = None
        try:
            async with self._pool.lease(until) as lease:
                attempt = Attempt(lease, task, events, doubtful)
                results = await attempt.run(until)
                await self._after(lease, task, until)
                return results
        except Trouble as problem:
            if problem.remedy is Remedy.RECONNECT and attempt is not None:
                self._pool.forget_idle()  # they are as old as this one, and likely as dead
            raise _Failed(problem, attempt.new if attempt is not None else frozenset()) from problem


class _Failed(Exception):
    """An attempt that did not come through, and what it had inserted."""

    def __init__(self, problem: Trouble, new: frozenset[str]) -> None:
        self.problem = problem
        self.new = new


def _again(problem: Trouble, task: Task, tries: int, doubted: bool) -> bool:
    """Whether the same transaction may be tried again. In doubt only where the ledger tells what is there already."""
    if problem.in_doubt and task.table is None:
        return False
    if doubted and problem.stage == CONNECTING:
        return True  # the only way to know is to ask
    if problem.remedy is Remedy.RECONNECT:
        return tries <= MAX_RECONNECTS
    return problem.remedy in (Remedy.AGAIN, Remedy.WAIT)


def _final(problem: Trouble, doubtful: frozenset[str]) -> Trouble:
    in_doubt = problem.in_doubt or bool(doubtful)
    remedy = Remedy.NONE if problem.remedy is not Remedy.HALVE or in_doubt else problem.remedy
    return Trouble(problem.reason, remedy, in_doubt=in_doubt, code=problem.code, stage=problem.stage)


def _missed(problem: Trouble) -> WriteResult:
    return WriteResult(Outcome.UNKNOWN if problem.in_doubt else Outcome.FAILED, reason=problem.reason)
