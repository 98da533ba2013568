"""Draining the SQLite spool: by the gate itself, in the background, each writer at its own pace."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from eventgate.core.model import Outcome
from eventgate.errors import SinkUnavailable
from eventgate.spool.entries import Settlement, Write
from eventgate.spool.redelivery import NOT_SERVED, Redelivery
from eventgate.spool.sqlite import work
from eventgate.spool.sqlite.spool import SqliteSpool

T = TypeVar("T")

log = logging.getLogger("eventgate.spool")

POLL_SECONDS: Final = 1.0
"""How often the spool is looked into, beside after every deferral of this process."""
MARGIN_SECONDS: Final = 5.0
"""How much longer than an attempt a lease holds; the entry of a process that died comes back after both."""
STOP_SECONDS: Final = 3.0
"""How long a gate that stops waits for attempts that are under way."""
STORE_SECONDS: Final = 5.0
"""How long a question to the store may take."""
SETTLE_AGAIN_SECONDS: Final = 0.2
PROBES: Final = 5
"""With how many events a command tries a writer that fails: one of them may be to blame itself."""

_UNSETTLED = frozenset({Outcome.FAILED, Outcome.UNKNOWN})


class SqliteDrain:
    """Takes up what waits for `writers`, tries it, and settles it. Several may work on one spool."""

    def __init__(
        self, spool: SqliteSpool, redelivery: Redelivery, writers: Sequence[str], max_age_seconds: float
    ) -> None:
        self._spool = spool
        self._redelivery = redelivery
        self._writers = tuple(writers)
        self._max_age = max_age_seconds
        self._lease = uuid.uuid4().hex
        self._busy: dict[str, asyncio.Task[int]] = {}
        self._stopping = False
        self._trouble: str | None = None

    async def run(self) -> None:
        """Drain, until cancelled; then let what is under way come to its end."""
        with suppress(SinkUnavailable):
            await self._ask(work.retry_at_once)
        try:
            while True:
                self._spool.stirred.clear()
                await self._start_idle()
                await self._rest()
        finally:
            self._stopping = True
            await self._stop()

    async def _stop(self) -> None:
        """Wait a moment for what is under way. What hangs is left: its lease runs out, and it is tried again."""
        if self._busy:
            _, hanging = await asyncio.wait(self._busy.values(), timeout=STOP_SECONDS)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    async def once(self) -> int:
        """As the protocol says."""
        await self._ask(work.retry_at_once)
        await self._expire()
        total = 0
        while done := sum(await asyncio.gather(*(self._exhaust(writer, PROBES) for writer in self._writers))):
            total += done  # a guard that took something has made work for the others
        return total

    async def _start_idle(self) -> None:
        if self._spool.is_vacant():
            return
        try:
            await self._expire()
        except SinkUnavailable as error:
            self._tell(str(error))
            return
        self._tell(None)
        for writer in self._writers:
            if writer not in self._busy:
                self._busy[writer] = asyncio.create_task(self._exhaust(writer))

    def _tell(self, trouble: str | None) -> None:
        """Log what keeps the spool from being used once, not at every look, and that it is over."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble is None:
            log.info("the spool can be used again")
        else:
            log.warning("the spool cannot be used: %s", trouble)

    async def _rest(self) -> None:
        """Wait for a deferral, or the time to look again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._spool.stirred.wait()
        for writer in [name for name, task in self._busy.items() if task.done()]:
            task = self._busy.pop(writer)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("redelivery to %s failed in a way it should not", writer, exc_info=error)

    async def _exhaust(self, writer: str, probes: int = 1) -> int:
        """Groups for `writer` as long as some of it gets through; how many writes were done.

        `probes`: after how many failures in a row, each with another event, the writer is given up.
        """
        done = failures = 0
        with suppress(SinkUnavailable):
            while not self._stopping and (group := await self._claim(writer)):
                through = await self._try(writer, group)
                done += through
                failures = 0 if through else failures + 1
                if failures == probes:
                    break
                if failures:
                    await self._ask(partial(work.resume, writer=writer))
        return done

    async def _claim(self, writer: str) -> list[Write]:
        def claim(connection: sqlite3.Connection) -> list[Write]:
            now = time.time()
            return work.claim(connection, writer, self._lease, now, now + self._lease_seconds)

        return await self._ask(claim)

    async def _try(self, writer: str, group: Sequence[Write]) -> int:
        """Try `group`, of each key one after the other; how many got through."""
        through = 0
        left = list(group)
        while left:
            wave = [] if self._stopping else _first_of_each_lane(left)
            settled = await asyncio.gather(*(self._redelivery.attempt(write) for write in wave))
            stuck = {_lane(each.write) for each in settled if each.due is not None}
            rest = [write for write in left if write not in wave]
            behind = [write for write in rest if not wave or _lane(write) in stuck]
            left = await self._settle(writer, settled, behind, [write for write in rest if write not in behind])
            through += sum(1 for each in settled if each.due is None)
        return through

    async def _settle(
        self, writer: str, settled: Sequence[Settlement], behind: Sequence[Write], left: Sequence[Write]
    ) -> list[Write]:
        """Put down what became of a wave, give back those `behind` a failure; which of those `left` are still ours.

        A store that fails just now is asked again for as long as the lease holds: what is not put down is sent again.
        """

        def settle(connection: sqlite3.Connection) -> list[Write]:
            now = time.time()
            work.settle(connection, settled, self._lease, now)
            work.release(connection, behind, self._lease)
            asked = [each for each in settled if each.result is not NOT_SERVED]
            if asked:
                works = any(each.result.outcome not in _UNSETTLED for each in asked)
                work.note_sink(connection, writer, works=works, now=now)
            return work.extend(connection, left, self._lease, now + self._lease_seconds)

        for each in settled:
            if each.why is not None:
                event = each.write.event
                log.warning("event %s of %s is a dead letter of %s: %s", event.event_id, event.topic, writer, each.why)
        until = time.monotonic() + MARGIN_SECONDS
        while True:
            try:
                return await self._ask(settle)
            except SinkUnavailable:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(SETTLE_AGAIN_SECONDS)

    async def _expire(self) -> None:
        def expire(connection: sqlite3.Connection) -> int:
            now = time.time()
            return work.expire(connection, now - self._max_age, now)

        if expired := await self._ask(expire):
            log.warning("%d writes of deferred events are dead letters: older than spool.max_age_seconds", expired)

    async def _ask(self, call: Callable[[sqlite3.Connection], T]) -> T:
        return await self._spool.transact(call, asyncio.get_running_loop().time() + STORE_SECONDS)

    @property
    def _lease_seconds(self) -> float:
        return self._redelivery.seconds + MARGIN_SECONDS


def _lane(write: Write) -> tuple[str, str]:
    """What has to be kept in order: the events of one key, or one event by itself."""
    return (write.event.topic, write.event.key) if write.event.key else ("", write.id)


def _first_of_each_lane(writes: Sequence[Write]) -> list[Write]:
    first: dict[tuple[str, str], Write] = {}
    for write in writes:
        first.setdefault(_lane(write), write)
    return list(first.values())
