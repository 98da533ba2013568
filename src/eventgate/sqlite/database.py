"""One connection to a database of the gate's, kept to the file that has its name; for one thread at a time.

All times named `until` are `time.monotonic()` seconds: locks are waited for until then and no longer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eventgate.sqlite import schema
from eventgate.sqlite.errors import StoreFailure, failure
from eventgate.sqlite.files import Identity, companions, identity, is_absent, one_opener, remove_companions

SPARE_BYTES = 1024 * 1024
"""Less than this free on the disk, and a probe calls it full."""
GONE = "the database file was moved or replaced meanwhile"

TROUBLE = (StoreFailure, sqlite3.Error, OSError, MemoryError)
"""What a transaction may end with; `failure` says what it means."""


class Database:
    """Gives transactions. Opens, creates and reopens the file by itself, when asked.

    A file that was deleted, moved or replaced is noticed before each transaction (device and inode), so that nothing
    goes into one that has no name any more.
    """

    def __init__(self, path: Path, tables: schema.Schema) -> None:
        self._path = path
        self._tables = tables
        self._connection: sqlite3.Connection | None = None
        self._file: Identity | None = None
        self._companions: frozenset[Identity] = frozenset()

    @contextmanager
    def transaction(self, until: float) -> Iterator[sqlite3.Connection]:
        """A transaction that may write, committed durably at the end of the block; raises `StoreFailure`.

        Any exception out of the block rolls it back; one of `TROUBLE` becomes a `StoreFailure`.
        """
        try:
            connection = self.begin(until)
            yield connection
            if time.monotonic() >= until:
                raise StoreFailure("no time was left", passing=True)
            commit(connection)
        except TROUBLE as error:
            problem = failure(error)
            self.abandon(problem)
            raise problem from error
        except BaseException:
            self.close()  # and with it the transaction
            raise
        if not self.is_in_place:
            raise StoreFailure(GONE, certain=False, passing=True)

    def begin(self, until: float) -> sqlite3.Connection:
        """Open the file if need be, and get the right to write; raises one of `TROUBLE`."""
        connection = self._connection
        if connection is None or not self.is_in_place:
            connection = self._open(until)
        connection.execute(f"PRAGMA busy_timeout = {_milliseconds(until)}")
        connection.execute("BEGIN IMMEDIATE")
        return connection

    @property
    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one that has the name."""
        return identity(self._path) == self._file

    def probe(self, read: str, touch: str, until: float) -> None:
        """Read, and get the right to write; leaves nothing behind. Raises `StoreFailure`.

        `touch` is a DELETE that finds no row: of a read-only file, BEGIN IMMEDIATE makes no complaint, but this does.
        """
        try:
            connection = self.begin(until)
            connection.execute(read).fetchone()
            connection.execute(touch)
            connection.execute("ROLLBACK")
            if _is_full(self._path):
                raise StoreFailure("the disk is full", passing=True)
        except TROUBLE as error:
            problem = failure(error)
            self.abandon(problem)
            raise problem from error

    def abandon(self, problem: StoreFailure) -> None:
        """Roll back what is open, and let go of a connection that `problem` may have spoilt."""
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

    def close(self) -> None:
        """Let go of the file; the next transaction would open it again."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(sqlite3.Error):
            if not self.is_in_place:  # SQLite itself would leave the log behind, and lose what is in it
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        with suppress(sqlite3.Error):
            connection.close()

    def _open(self, until: float) -> sqlite3.Connection:
        path = Path(os.path.realpath(self._path))
        with one_opener(path.parent, until):
            stale = self._companions if self._connection is not None else frozenset()
            self.close()
            remove_companions(path, None if is_absent(path) else stale)
            self._connection = self._connect(path, until)
            self._file = identity(path)
            self._companions = companions(path)
        if self._file is None:
            raise StoreFailure(GONE)
        return self._connection

    def _connect(self, path: Path, until: float) -> sqlite3.Connection:
        timeout = _milliseconds(until) / 1000
        connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")  # in WAL mode, NORMAL may lose commits when the power fails
            schema.ensure(connection, self._tables)
        except BaseException:
            connection.close()
            raise
        return connection


def commit(connection: sqlite3.Connection) -> None:
    """End the transaction durably; raises `StoreFailure`, which says whether it is certainly undone."""
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
