"""The spool in a local SQLite file: durable before an event is called deferred, and shared by all who open it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from eventgate.core.spool import Deferral, Invalid, SpoolStatus, Untaken
from eventgate.errors import SinkUnavailable
from eventgate.spool.sqlite import intake, letters
from eventgate.spool.sqlite.schema import SCHEMA
from eventgate.spool.sqlite.vacancy import Vacancy
from eventgate.sqlite.database import Database
from eventgate.sqlite.errors import StoreFailure
from eventgate.sqlite.thread import DatabaseThread, Late

T = TypeVar("T")

GROUP_SECONDS: Final = 2.0
"""How long one transaction of deferrals may wait for other processes; the events' own deadlines hold besides."""
MAX_GROUP: Final = 256
"""Deferrals in one transaction, those of one call apart, which stay together."""
MAX_QUEUED: Final = 4096
"""Calls that wait for their transaction; further ones are turned away at once."""

_NO_ANSWER: Final = Untaken("the disk did not answer in time", certain=False)
_NO_TURN: Final = Untaken("an earlier write to the spool was still under way")
_TOO_MANY: Final = Untaken("too many events wait to be spooled")


class _Waiting:
    """A call of `defer` in the queue."""

    __slots__ = ("deferrals", "result")

    def __init__(self, deferrals: Sequence[Deferral]) -> None:
        self.deferrals = deferrals
        self.result: asyncio.Future[list[Mapping[str, Untaken]]] = asyncio.get_running_loop().create_future()


class SqliteSpool:
    """A spool at `path`. What queued up while the disk was busy is put there in one transaction."""

    def __init__(self, path: Path, max_events: int) -> None:
        self._database = Database(path, SCHEMA)
        self._thread = DatabaseThread("the spool", "spool")
        self._max_events = max_events
        self._vacancy = Vacancy(path)
        self._queue: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.stirred = asyncio.Event()
        """Set whenever this process has put something there."""

    def open(self) -> None:
        """Get ready; the file is opened, or created, when it is needed."""
        self._thread.open()

    def is_vacant(self) -> bool:
        """Whether certainly nothing waits; False where nobody knows."""
        return self._vacancy.holds()

    async def defer(self, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
        """As the protocol says."""
        if len(self._queue) >= MAX_QUEUED:
            return _all(deferrals, _TOO_MANY)
        waiting = _Waiting(deferrals)
        self._queue.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout_at(deadline):
                return await waiting.result
        except TimeoutError:
            pass
        finally:
            waiting.result.cancel()
        if waiting in self._queue:
            self._queue.remove(waiting)
            return _all(deferrals, _NO_TURN)
        return _all(deferrals, _NO_ANSWER)

    async def waiting(self, topic: str, keys: Set[str], deadline: float) -> Mapping[str, Set[str]]:
        """As the protocol says."""
        if self._vacancy.holds():
            return {}
        try:
            return await self.transact(partial(intake.waiting, topic=topic, keys=keys), deadline)
        except SinkUnavailable:
            return {}

    async def keep_invalid(self, invalid: Sequence[Invalid], deadline: float) -> str | None:
        """As the protocol says."""

        def keep(connection: sqlite3.Connection) -> str | None:
            now = time.time()
            told = [intake.keep_invalid(connection, each, self._max_events, now) for each in invalid]
            return next((each for each in told if each is not None), None)

        try:
            return await self.transact(keep, deadline)
        except SinkUnavailable as error:
            return str(error)

    async def status(self, deadline: float) -> SpoolStatus:
        """As the protocol says."""

        def ask(until: float) -> SpoolStatus:
            self._database.probe("SELECT 1 FROM writes LIMIT 1", "DELETE FROM writes WHERE seq IS NULL", until)
            with self._database.transaction(until) as connection:
                return letters.status(connection)

        return await self._ask(ask, deadline)

    async def transact(self, work: Callable[[sqlite3.Connection], T], deadline: float) -> T:
        """What `work` returns, its changes durable; raises `SinkUnavailable` where that cannot be by `deadline`."""

        def within(until: float) -> T:
            with self._database.transaction(until) as connection:
                result = work(connection)
                self._vacancy.look(connection)
            return result

        return await self._ask(within, deadline)

    async def close(self) -> None:
        """Let go of the file."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        await self._thread.close(self._database.close)

    async def _write(self) -> None:
        while self._queue:
            group = [self._queue.popleft()]
            while self._queue and len(group) < MAX_GROUP:
                group.append(self._queue.popleft())
            untaken = await self._write_group([each for waiting in group for each in waiting.deferrals])
            self.stirred.set()
            for waiting in group:
                share, untaken = untaken[: len(waiting.deferrals)], untaken[len(waiting.deferrals) :]
                if not waiting.result.done():
                    waiting.result.set_result(share)

    async def _write_group(self, deferrals: Sequence[Deferral]) -> list[Mapping[str, Untaken]]:
        def put() -> list[Mapping[str, Untaken]]:
            try:
                with self._database.transaction(time.monotonic() + GROUP_SECONDS) as connection:
                    now = time.time()
                    return [intake.defer(connection, each, self._max_events, now) for each in deferrals]
            except UnicodeEncodeError:
                return _all(deferrals, Untaken("it holds text that is not Unicode"))
            except StoreFailure as problem:
                return _all(deferrals, Untaken(problem.reason, certain=problem.certain))

        try:
            return await self._thread.ask(put, 2 * GROUP_SECONDS)
        except Late as late:
            return _all(deferrals, _NO_ANSWER if late.started else _NO_TURN)
        except StoreFailure as problem:
            return _all(deferrals, Untaken(problem.reason))

    async def _ask(self, work: Callable[[float], T], deadline: float) -> T:
        left = deadline - asyncio.get_running_loop().time()
        until = time.monotonic() + left * 0.9  # so that the reason arrives before the caller gives up
        try:
            return await self._thread.ask(lambda: work(until), left)
        except StoreFailure as problem:
            raise SinkUnavailable(problem.reason) from None
        except Late:
            raise SinkUnavailable("the disk did not answer in time") from None


def _all(deferrals: Sequence[Deferral], untaken: Untaken) -> list[Mapping[str, Untaken]]:
    return [dict.fromkeys(each.missing, untaken) for each in deferrals]
