"""Knowing that nothing waits, without asking the database each time."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

TICK_NS = 50_000_000
"""Two changes of a file closer together than this may bear the same time."""

Signature = tuple[tuple[int, int, int], ...]


class Vacancy:
    """Remembers what the files looked like when nothing waited: while they look the same, nothing does.

    Whoever commits, in any process, changes the write-ahead log. A look at two files costs two microseconds; a
    question to the database's thread, fifty.
    """

    def __init__(self, path: Path) -> None:
        self._names = (str(path), f"{path}-wal")
        self._empty: Signature | None = None

    def holds(self) -> bool:
        """Whether certainly nothing waits."""
        return self._empty is not None and self._signature() == self._empty

    def look(self, connection: sqlite3.Connection) -> None:
        """See whether anything waits, in a transaction, which keeps others from writing."""
        self._empty = None
        if connection.execute("SELECT 1 FROM writes WHERE state = 'waiting' LIMIT 1").fetchone() is None:
            signature = self._signature()
            if all(time.time_ns() - changed > TICK_NS for _, _, changed in signature):
                self._empty = signature

    def _signature(self) -> Signature:
        found = []
        for name in self._names:
            try:
                status = os.stat(name)
            except OSError:
                found.append((0, 0, 0))
            else:
                found.append((status.st_ino, status.st_size, status.st_mtime_ns))
        return tuple(found)
