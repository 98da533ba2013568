"""Groups of events, each in one durable transaction of the events' database; for one thread at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.sqlite.database import GONE, Database
from eventgate.sqlite.errors import StoreFailure
from eventgate.writers.sqlite import ledger
from eventgate.writers.sqlite.schema import SCHEMA

PRUNE_SECONDS = 600.0
"""How often the ledger is looked through."""


class Store:
    """Writes groups of events. All times named `until` are `time.monotonic()` seconds."""

    def __init__(self, path: Path, retain_days: int) -> None:
        self.path = path
        self._database = Database(path, SCHEMA)
        self._retain_days = retain_days
        self._prune_at = 0.0

    def write(self, events: Sequence[Event], until: float) -> list[WriteResult]:
        """Write a group; one result for each event, in order. A transaction that does not come through is a result."""
        results: list[WriteResult] = []
        try:
            with self._database.transaction(until) as connection:
                self._prune(connection)
                results = ledger.record(connection, events, until)
        except StoreFailure as problem:
            outcome = Outcome.FAILED if problem.certain else Outcome.UNKNOWN
            told = [] if problem.reason == GONE else results  # what was found, was found in a file that is gone
            return ledger.undone(events, told, WriteResult(outcome, reason=problem.reason))
        return results

    def probe(self, until: float) -> None:
        """Read, and get the right to write; leaves nothing behind. Raises `StoreFailure`."""
        self._database.probe("SELECT seq FROM events LIMIT 1", "DELETE FROM events WHERE seq IS NULL", until)

    def close(self) -> None:
        """Let go of the file; the next write would open it again."""
        self._database.close()

    def _prune(self, connection: sqlite3.Connection) -> None:
        now = time.monotonic()
        if now >= self._prune_at and not ledger.prune(connection, self._retain_days):
            self._prune_at = now + PRUNE_SECONDS
