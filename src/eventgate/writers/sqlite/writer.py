"""The SQLite writer: events in a local file, each group in one durable transaction."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, NoTopicSettings, WriterContext, WriterSpec
from eventgate.errors import ConfigurationError, Finding, SinkUnavailable
from eventgate.sqlite.errors import StoreFailure
from eventgate.sqlite.thread import DatabaseThread, Late
from eventgate.writers.sqlite.store import Store

MAX_ROW_BYTES = 1_000_000_000
"""SQLITE_MAX_LENGTH: what one row may hold (SQLite, "Implementation Limits For SQLite")."""
PROBE_SECONDS = 2.0
"""How long a probe may take, waiting for the write that is under way included."""

_CLOSED = WriteResult(Outcome.FAILED, reason="the writer is closed")
_NO_TURN = WriteResult(Outcome.FAILED, reason="an earlier write was still under way")
_NO_ANSWER = WriteResult(Outcome.UNKNOWN, reason="the disk did not answer before the deadline")


class SqliteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the SQLite writer can be told."""

    path: Annotated[
        str,
        Meta(
            min_length=1,
            pattern="^[^\\x00]+$",
            description="The database file, relative to the configuration directory; created where it is missing. "
            "On a local disk: SQLite's write-ahead log does not work on network file systems.",
        ),
    ] = "events.db"


class SqliteWriter:
    """Writes groups of events, one at a time, in a thread of its own; reopens the file whenever that is needed."""

    grouping: Grouping | None = Grouping(max_events=256, max_bytes=8 * 1024 * 1024, concurrency=1)

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self._store = store
        self._target = os.path.abspath(store.path)
        self._thread = DatabaseThread("the writer", name)

    async def open(self) -> None:
        """Create or open the file, if that is possible now."""
        if not self._thread.is_open:
            self._thread.open()
            try:
                await self.probe()
            except SinkUnavailable:
                return  # health says so, and each write tries again

    def refuse(self, event: Event) -> Unacceptable | None:
        """What SQLite cannot hold: a row past its limit, text that is not Unicode."""
        try:
            names = f"{event.topic}{event.event_id}{event.subject}".encode()
        except UnicodeEncodeError:
            return Unacceptable("SQLite cannot hold an event id or subject with lone surrogates")
        if len(event.body) + len(names) + 1024 > MAX_ROW_BYTES:
            return Unacceptable("SQLite cannot hold rows over 1,000,000,000 bytes", too_large=True)
        return None

    def target(self, topic: str, options: Any) -> str:
        """The file's path; gates on several machines count as if they had the same file."""
        return self._target

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Write a group in one transaction; `delivered` once it is on the disk."""
        remaining = deadline - asyncio.get_running_loop().time()
        margin = min(0.1, max(remaining, 0.0) * 0.1)  # so that the reason arrives before the caller gives up
        until = monotonic() + remaining - margin
        try:
            return await self._thread.ask(lambda: self._store.write(events, until), remaining - margin / 2)
        except StoreFailure:
            return [_CLOSED] * len(events)
        except Late as late:
            return [_NO_ANSWER if late.started else _NO_TURN] * len(events)

    async def probe(self) -> None:
        """Open the file if need be, read, and get the right to write."""
        until = monotonic() + PROBE_SECONDS / 2
        try:
            await self._thread.ask(lambda: self._store.probe(until), PROBE_SECONDS)
        except StoreFailure as problem:
            raise SinkUnavailable(problem.reason) from None
        except Late:
            raise SinkUnavailable(f"no answer within {PROBE_SECONDS:g} s") from None

    async def close(self) -> None:
        """Wait for the write that is under way, and close the file."""
        await self._thread.close(self._store.close)


def build(settings: SqliteSettings, context: WriterContext) -> SqliteWriter:
    """A writer for the file that `settings` names; raises `ConfigurationError` where its folder is not known."""
    path = Path(settings.path)
    if context.directory is not None:
        path = context.directory / path
    elif not path.is_absolute():
        message = "the path must be absolute, as the configuration is not in a local directory"
        raise ConfigurationError((Finding("error", "config.json", message, f"/writers/{context.name}/path"),))
    return SqliteWriter(context.name, Store(path.absolute(), context.ledger_retain_days))


def claims(settings: SqliteSettings, directory: Path | None) -> str:
    """The file: two writers on it would take each other's events for duplicates."""
    return os.path.realpath(settings.path if directory is None else directory / settings.path)


SPEC = WriterSpec(
    settings=SqliteSettings,
    topic_settings=NoTopicSettings,
    build=build,
    summary="events in a local SQLite file; never holds one event id twice",
    claims=claims,
)
