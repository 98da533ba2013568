"""One connection to the events' database, kept to the file that has its name; for one thread at a time.

All times named `until` are `time.monotonic()` seconds: locks are waited for until then and no longer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.writers.sqlite import ledger, schema
from eventgate.writers.sqlite.errors import StoreFailure, failure
from eventgate.writers.sqlite.files import Identity, companions, identity, is_absent, one_opener, remove_companions

PRUNE_SECONDS = 600.0
"""How often the ledger is looked through."""
SPARE_BYTES = 1024 * 1024
"""Less than this free on the disk, and a probe calls it full."""

_TROUBLE = (StoreFailure, sqlite3.Error, OSError, MemoryError)
_GONE = "the database file was moved or replaced meanwhile"


class Store:
    """Writes groups of events, each in one transaction. Opens, creates and reopens the file by itself, when asked.

    A file that was deleted, moved or replaced is noticed before each group (device and inode), so that no event goes
    into one that has no name any more.
    """

    def __init__(self, path: Path, retain_days: int) -> None:
        self.path = path
        self._retain_days = retain_days
        self._connection: sqlite3.Connection | None = None
        self._file: Identity | None = None
        self._companions: frozenset[Identity] = frozenset()
        self._prune_at = 0.0

    def write(self, events: Sequence[Event], until: float) -> list[WriteResult]:
        """Write a group; one result for each event, in order. A transaction that does not come through is a result."""
        results: list[WriteResult] = []
        try:
            connection = self._begin(until)
            self._prune(connection)
            results = ledger.record(connection, events, until)
            if time.monotonic() >= until:
                raise StoreFailure("no time was left", passing=True)
            _commit(connection)
        except _TROUBLE as error:
            problem = failure(error)
            self._abandon(problem)
            outcome = Outcome.FAILED if problem.certain else Outcome.UNKNOWN
            return ledger.undone(events, results, WriteResult(outcome, reason=problem.reason))
        except BaseException:
            self.close()  # and with it the transaction
            raise
        if identity(self.path) != self._file:
            return [WriteResult(Outcome.UNKNOWN, reason=_GONE)] * len(events)
        return results

    def probe(self, until: float) -> None:
        """Read, and get the right to write; leaves nothing behind. Raises `StoreFailure`."""
        try:
            connection = self._begin(until)
            connection.execute("SELECT seq FROM events LIMIT 1").fetchone()
            # Of a read-only file, BEGIN IMMEDIATE makes no complaint; this does, and there is no such row.
            connection.execute("DELETE FROM events WHERE seq IS NULL")
            connection.execute("ROLLBACK")
            if _is_full(self.path):
                raise StoreFailure("the disk is full", passing=True)
        except _TROUBLE as error:
            problem = failure(error)
            self._abandon(problem)
            raise problem from error

    def close(self) -> None:
        """Let go of the file; the next write would open it again."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(sqlite3.Error):
            if identity(self.path) != self._file:  # SQLite itself would leave the log behind, and lose what is in it
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        with suppress(sqlite3.Error):
            connection.close()

    def _begin(self, until: float) -> sqlite3.Connection:
        connection = self._connection
        if connection is None or identity(self.path) != self._file:
            connection = self._open(until)
        connection.execute(f"PRAGMA busy_timeout = {_milliseconds(until)}")
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def _open(self, until: float) -> sqlite3.Connection:
        path = Path(os.path.realpath(self.path))
        with one_opener(path.parent, until):
            stale = self._companions if self._connection is not None else frozenset()
            self.close()
            remove_companions(path, None if is_absent(path) else stale)
            self._connection = _connect(path, until)
            self._file = identity(path)
            self._companions = companions(path)
        if self._file is None:
            raise StoreFailure(_GONE)
        return self._connection

    def _prune(self, connection: sqlite3.Connection) -> None:
        now = time.monotonic()
        if now >= self._prune_at and not ledger.prune(connection, self._retain_days):
            self._prune_at = now + PRUNE_SECONDS

    def _abandon(self, problem: StoreFailure) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
        if not problem.passing:
            self.close()


def _connect(path: Path, until: float) -> sqlite3.Connection:
    timeout = _milliseconds(until) / 1000
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")  # in WAL mode, NORMAL may lose commits when the power fails
        schema.ensure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except (sqlite3.Error, MemoryError) as error:
        raise failure(error, committing=True) from error


def _milliseconds(until: float) -> int:
    return max(0, int((until - time.monotonic()) * 1000))


def _is_full(path: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    disk = os.statvfs(path)
    return disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < SPARE_BYTES
