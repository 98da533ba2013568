"""One group, one transaction: ledger and statements come through together or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from eventgate.core.model import Event, WriteResult
from eventgate.writers.postgres import ledger
from eventgate.writers.postgres.bounded import within
from eventgate.writers.postgres.errors import (
    LEDGER,
    NO_ANSWER,
    NO_ANSWER_IN_TIME,
    NO_TIME,
    ROLLED_BACK,
    Remedy,
    Trouble,
    trouble,
)
from eventgate.writers.postgres.statements import Statement

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection
    from eventgate.writers.postgres.pool import Lease

STALE_SECONDS = 1.0
"""A connection that lay idle for so long is asked whether it is alive before much time is spent on it."""
ALIVE_SECONDS = 1.0
"""How long its answer may take, half of the time that is left at most."""
EARLIER_SECONDS = 0.05
"""How much earlier than us the server gives up, so that it is the one who says why."""
ABANDONED_SECONDS = 1.0
"""How long after the deadline the server bears with a transaction that nobody goes on with: a frozen Lambda."""

_COMMIT = "SET LOCAL statement_timeout = 0; COMMIT"
"""A COMMIT that waits for a replica must not be taken for done when its time is up, which is what the server does."""


class Task(msgspec.Struct, frozen=True):
    """What a group of one topic goes through: the table that remembers it (None: none does), and statements."""

    table: str | None
    sql: tuple[Statement, ...] = ()


class Attempt:
    """One try. `new` are the ids that it inserted, `committing` whether it asked the server to commit."""

    def __init__(self, lease: Lease, task: Task, events: Sequence[Event], doubtful: frozenset[str]) -> None:
        self._lease = lease
        self._task = task
        self._events = events
        self._doubtful = doubtful
        self._stage = LEDGER
        self.new: frozenset[str] = frozenset()
        self.committing = False

    async def run(self, until: float) -> list[WriteResult]:
        """Write the group by `until`; one result for each event. Raises `Trouble`, the transaction being gone."""
        connection = self._lease.connection
        try:
            if self._lease.idle_seconds > STALE_SECONDS:
                await within(connection, self._alive_until(until), self._begin(until))
                return await within(connection, until, self._work())
            return await within(connection, until, self._all(until))
        except Exception as error:
            problem = self._explain(error, until)
            await self._undo(until)
            raise problem from error

    @staticmethod
    def _alive_until(until: float) -> float:
        """When a connection that lay idle must have shown that it is alive: by opening the transaction."""
        now = asyncio.get_running_loop().time()
        return now + min((until - now) / 2, ALIVE_SECONDS)

    async def _all(self, until: float) -> list[WriteResult]:
        await self._begin(until)
        return await self._work()

    async def _begin(self, until: float) -> None:
        """Open the transaction with timeouts of its own."""
        left = until - asyncio.get_running_loop().time()
        if left <= EARLIER_SECONDS:
            raise Trouble(NO_TIME)
        await self._lease.connection.execute(_opening(left))

    async def _work(self) -> list[WriteResult]:
        results = await self._write()
        self.committing = True
        await self._commit()
        return results

    async def _write(self) -> list[WriteResult]:
        connection, task, events = self._lease.connection, self._task, self._events
        there: dict[str, str] = {}
        if task.table is None:
            self.new = frozenset(event.event_id for event in events)
        else:
            self.new = await ledger.record(connection, task.table, events)
            if old := [event.event_id for event in events if event.event_id not in self.new]:
                there = await ledger.digests(connection, task.table, events[0].topic, old)
        if fresh := [event for event in events if event.event_id in self.new]:
            await self._run_files(connection, fresh)
        return ledger.judge(events, task.table, self.new, there, self._doubtful)

    async def _run_files(self, connection: Connection, fresh: Sequence[Event]) -> None:
        if not self._task.sql:
            return
        arguments = (ledger.bodies(fresh), ledger.metadata(fresh))
        for statement in self._task.sql:
            self._stage = statement.name
            await connection.execute(statement.text, *arguments[: statement.parameters])

    async def _commit(self) -> None:
        if await self._lease.connection.execute(_COMMIT) != "COMMIT":
            self.committing = False
            raise Trouble(ROLLED_BACK, Remedy.AGAIN)

    def _explain(self, error: Exception, until: float) -> Trouble:
        if isinstance(error, TimeoutError):
            late = asyncio.get_running_loop().time() >= until
            reason = NO_ANSWER_IN_TIME if late else NO_ANSWER
            return Trouble(reason, Remedy.NONE if late else Remedy.RECONNECT, in_doubt=self.committing)
        stage = LEDGER if self.committing else self._stage
        return trouble(error, stage=stage, committing=self.committing, lost=self._lease.connection.is_closed())

    async def _undo(self, until: float) -> None:
        """Roll back, so that the connection can be used again; one that was cut is rolled back by the server."""
        connection = self._lease.connection
        if connection.is_closed() or not connection.is_in_transaction():
            return
        try:
            await within(connection, until + EARLIER_SECONDS / 2, connection.execute("ROLLBACK"))
        except Exception:
            self._lease.broken = True


def _opening(left: float) -> str:
    """READ COMMITTED whatever the database's default: what the second look at the ledger sees depends on it."""
    milliseconds = max(1, int((left - EARLIER_SECONDS) * 1000))
    abandoned = int((left + ABANDONED_SECONDS) * 1000)
    return (
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
        f"SET LOCAL statement_timeout = {milliseconds};"
        f"SET LOCAL lock_timeout = {max(1, milliseconds - 5)};"
        f"SET LOCAL idle_in_transaction_session_timeout = {abandoned}"
    )
