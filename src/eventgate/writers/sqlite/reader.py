"""Reading the SQLite writer's events back, while a gate may be writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from eventgate.errors import Unreachable
from eventgate.sqlite.errors import StoreFailure, failure
from eventgate.sqlite.schema import check
from eventgate.writers.sqlite.schema import SCHEMA

CHUNK_ROWS = 200
"""Rows read at once: no read stays open while the caller is at work, which would keep the log from being emptied."""
BUSY_SECONDS = 5.0
"""How long to wait for a database that another program has locked altogether."""

_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_TROUBLE = (sqlite3.Error, OSError)
# The + keeps SQLite from looking topics up in an index and sorting what it finds.
_SELECT = """
    SELECT seq, topic, event_id, subject, received_at, body_sha256, CAST(event AS BLOB) FROM events
    WHERE seq > :after AND (:topic IS NULL OR +topic = :topic) ORDER BY seq LIMIT :rows
"""
_NO_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")


class StoredEvent(msgspec.Struct, frozen=True):
    """One event as it was delivered. `seq` counts in the order of delivery; `received_at` is RFC 3339 in UTC.

    `event` holds the bytes exactly as posted, without surrounding white space; `body_sha256` is their digest.
    """

    seq: int
    topic: str
    event_id: str
    subject: str
    received_at: str
    body_sha256: str
    event: bytes


class _Line(msgspec.Struct, frozen=True):
    topic: str
    event_id: str
    subject: str
    received_at: str
    body_sha256: str
    event: msgspec.Raw


def read_events(path: Path, topic: str | None = None, after: int = 0) -> Iterator[StoredEvent]:
    """The events that are there now, in the order of delivery, those with `seq` up to `after` left out.

    Opens the file for reading only; a gate may go on writing. Raises `Unreachable` where there is no such file, or it
    is not a SQLite writer's, or cannot be read.
    """
    try:
        with closing(_open(path)) as connection:
            asked = {"after": after, "topic": topic, "rows": CHUNK_ROWS}
            while rows := connection.execute(_SELECT, asked).fetchall():
                for row in rows:
                    yield StoredEvent(*row)
                asked["after"] = rows[-1][0]
    except _TROUBLE as error:
        raise Unreachable(failure(error).reason) from error


def to_ndjson(stored: StoredEvent) -> bytes:
    """One line of JSON with a line feed at its end, the event in it byte for byte.

    Only the line ends of an event that was posted on several lines become spaces, so that a line stays an event:
    valid JSON has them nowhere but between tokens.
    """
    return (
        msgspec.json.encode(
            _Line(
                stored.topic,
                stored.event_id,
                stored.subject,
                stored.received_at,
                stored.body_sha256,
                msgspec.Raw(stored.event.translate(_NO_LINE_ENDS)),
            )
        )
        + b"\n"
    )


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise Unreachable("there is no such file")
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE or Path(f"{path}-wal").exists():
            raise
        # To read beside a log SQLite makes files, which it may not on a read-only medium. Where there is no log,
        # nobody writes there, and the file may be read as one that does not change (SQLite, "Write-Ahead Logging", 5).
        return _connect(path, "immutable=1")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS)
    try:
        check(connection, SCHEMA)
    except StoreFailure as problem:
        connection.close()
        raise Unreachable(problem.reason) from None
    except BaseException:
        connection.close()
        raise
    return connection
