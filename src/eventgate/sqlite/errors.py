"""What SQLite's errors mean for an event: a reason for people, and whether the event is certainly not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

_ODD = "SQLite reports an error"
_DISK = "the disk cannot be read or written"
_LOCKED = "the database is locked"
_UNUSABLE = "the file is not a usable SQLite database"

REASONS: Mapping[int, str] = {
    sqlite3.SQLITE_ERROR: "the database does not have the gate's tables",
    sqlite3.SQLITE_INTERNAL: _ODD,
    sqlite3.SQLITE_PERM: "the database file may not be used",
    sqlite3.SQLITE_ABORT: _ODD,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_READONLY: "the database file cannot be written to",
    sqlite3.SQLITE_INTERRUPT: _ODD,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CORRUPT: _UNUSABLE,
    sqlite3.SQLITE_NOTFOUND: _ODD,
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_EMPTY: _ODD,
    sqlite3.SQLITE_SCHEMA: "the database's tables were changed meanwhile",
    sqlite3.SQLITE_TOOBIG: "the event is too large for SQLite",
    sqlite3.SQLITE_CONSTRAINT: "a constraint of the database does not allow it",
    sqlite3.SQLITE_MISMATCH: "a constraint of the database does not allow it",
    sqlite3.SQLITE_MISUSE: _ODD,
    sqlite3.SQLITE_NOLFS: "the file system cannot hold a file of that size",
    sqlite3.SQLITE_AUTH: "the database file may not be used",
    sqlite3.SQLITE_FORMAT: _UNUSABLE,
    sqlite3.SQLITE_RANGE: _ODD,
    sqlite3.SQLITE_NOTADB: _UNUSABLE,
}
"""For every primary result code that is an error (SQLite, "Result and Error Codes")."""

OF_THE_EVENT = frozenset({sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH})
"""These end one statement, not the transaction: its neighbours go on."""

PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
"""These leave the connection as good as before."""

_BEFORE_THE_END = PASSING | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR_WRITE,
}
"""A COMMIT that ends so has not written its last frame, without which recovery takes nothing of it (SQLite,
"WAL-mode File Format"). After a failed fsync it may have, and a crash could bring the transaction back."""


class StoreFailure(Exception):
    """A group could not be written. `certain`: none of it is there; `passing`: the connection is still good."""

    def __init__(self, reason: str, *, certain: bool = True, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.certain = certain
        self.passing = passing


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code; None for an error that does not come from SQLite itself."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def failure(error: BaseException, *, committing: bool = False) -> StoreFailure:
    """What `error`, met while opening or writing (or in COMMIT), means. Its own text is not used: it may hold paths."""
    if isinstance(error, StoreFailure):
        return error
    code = primary_code(error)
    if code is None:
        reason = "out of memory" if isinstance(error, MemoryError) else _DISK if isinstance(error, OSError) else _ODD
        return StoreFailure(reason, certain=not committing)
    extended = getattr(error, "sqlite_errorcode", code)
    certain = not committing or bool({code, extended} & _BEFORE_THE_END)
    name = getattr(error, "sqlite_errorname", code)
    return StoreFailure(f"{REASONS.get(code, _ODD)} ({name})", certain=certain, passing=code in PASSING)
