"""Connections to one database, opened when they are needed and kept for the next transaction.

No timer runs here, and nothing is sent on a connection that goes back: between invocations of AWS Lambda nothing may,
and a pooler in between would tie a connection to us for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from eventgate.writers.postgres.errors import (
    BUSY,
    CLOSED,
    CONNECTING,
    NO_TIME,
    NO_TOKEN,
    UNREACHABLE,
    Trouble,
    trouble,
)

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection, Connector

CONNECT_SECONDS = 5.0
"""How long one attempt to connect may take."""
CLOSE_SECONDS = 2.0
"""How long `close` waits for what is under way, and then for good-byes."""


class Lease:
    """A connection that is somebody's for one transaction. `fresh`: it was opened for it, `idle_seconds` is how long
    it lay otherwise.
    """

    __slots__ = ("broken", "connection", "fresh", "idle_seconds")

    def __init__(self, connection: Connection, *, fresh: bool, idle_seconds: float = 0.0) -> None:
        self.connection = connection
        self.fresh = fresh
        self.idle_seconds = idle_seconds
        self.broken = False
        """Set by whoever leaves it in a state that is nobody else's business: it is cut, not kept."""


class Pool:
    """At most `size` connections. `freezes`: the process may have stood still, unknown to the loop's clock."""

    def __init__(self, connector: Connector, size: int, *, freezes: bool = False) -> None:
        self._connector = connector
        self._size = size
        self._freezes = freezes
        self._idle: list[tuple[Connection, float]] = []
        self._used: set[Connection] = set()
        self._places: asyncio.Semaphore | None = None

    def open(self) -> None:
        """Let connections be taken; opens none."""
        if self._places is None:
            self._places = asyncio.Semaphore(self._size)

    @asynccontextmanager
    async def lease(self, until: float) -> AsyncIterator[Lease]:
        """A connection for one transaction, at latest by `until` (`loop.time()`); raises `Trouble`."""
        places = self._places
        if places is None:
            raise Trouble(CLOSED)
        await _enter(places, until)
        try:
            lease = await self._take(until)
            self._used.add(lease.connection)
            try:
                yield lease
            except Trouble:
                raise
            except BaseException:  # whoever was cancelled may have left it in the middle of something
                lease.broken = True
                raise
            finally:
                self._used.discard(lease.connection)
                self._give_back(lease)
        finally:
            places.release()

    def forget_idle(self) -> None:
        """Cut the connections that nobody uses: one of them turned out to be dead, or the credentials have changed."""
        for connection, _ in self._idle:
            connection.terminate()
        self._idle.clear()

    async def close(self) -> None:
        """Wait for what is under way, then say good-bye on every connection; what does not answer is cut."""
        places, self._places = self._places, None
        if places is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                for _ in range(self._size):
                    await places.acquire()
        for connection in list(self._used):
            connection.terminate()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_part(connection) for connection, _ in idle))
        await asyncio.sleep(0)  # a transport that was cut closes its socket in the loop's next turn

    async def _take(self, until: float) -> Lease:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, since = self._idle.pop()  # the last one that was used: it is the least likely to be stale
            if not connection.is_closed():
                return Lease(connection, fresh=False, idle_seconds=math.inf if self._freezes else now - since)
        return Lease(await self._connect(until), fresh=True)

    async def _connect(self, until: float) -> Connection:
        seconds = min(until - asyncio.get_running_loop().time(), CONNECT_SECONDS)
        if seconds <= 0:
            raise Trouble(NO_TIME)
        try:
            return await self._connector.connect(seconds)
        except PermissionError:
            raise Trouble(NO_TOKEN, stage=CONNECTING) from None
        except (OSError, TimeoutError):
            raise Trouble(UNREACHABLE, stage=CONNECTING) from None
        except Exception as error:
            raise trouble(error, stage=CONNECTING) from error

    def _give_back(self, lease: Lease) -> None:
        connection = lease.connection
        if connection.is_closed():
            return
        if lease.broken or self._places is None or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((connection, asyncio.get_running_loop().time()))


async def _enter(places: asyncio.Semaphore, until: float) -> None:
    if not places.locked():
        await places.acquire()  # at once; a timeout around it would cost 15 us
        return
    try:
        async with asyncio.timeout_at(until):
            await places.acquire()
    except TimeoutError:
        raise Trouble(BUSY) from None


async def _part(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except Exception:  # it was dead already
        connection.terminate()
