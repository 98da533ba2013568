"""Work on a connection, bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection

T = TypeVar("T")


async def within(connection: Connection, until: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` on `connection` gives by `until` (`loop.time()`); else the connection is cut, and `TimeoutError`.

    Also where the caller is cancelled. The work itself is not: asyncpg would ask the server, on a connection of its
    own, to cancel what is under way, which may be a COMMIT, and nobody would know how far that got.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=max(until - asyncio.get_running_loop().time(), 0.0))
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.add_done_callback(_forget)
            connection.terminate()
    raise TimeoutError


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
