"""What the tests of the SQLite writer share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import Writer
from eventgate.writers.sqlite.reader import read_events
from eventgate.writers.sqlite.store import Store
from eventgate.writers.sqlite.writer import SqliteWriter


def soon(seconds: float = 10.0) -> float:
    """A time for a store that is far enough away."""
    return time.monotonic() + seconds


def sqlite_writer(folder: Path, *, retain_days: int = 30) -> SqliteWriter:
    """A writer to `events.db` in `folder`."""
    return SqliteWriter("sqlite", Store(folder / "events.db", retain_days))


def ids(path: Path) -> list[str]:
    """The event ids in a database, in the order of delivery."""
    return [stored.event_id for stored in read_events(path)]


def outcomes(results: Sequence[WriteResult]) -> list[str]:
    """The outcomes as text."""
    return [result.outcome.value for result in results]


async def deliver(writer: Writer, *events: Event, seconds: float = 10.0) -> Sequence[WriteResult]:
    """Write one group."""
    return await writer.write(events, asyncio.get_running_loop().time() + seconds)
