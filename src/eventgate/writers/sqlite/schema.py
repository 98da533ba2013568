"""The tables of the SQLite writer, and how a file becomes or is found to be one of its databases."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from eventgate.writers.sqlite.errors import StoreFailure

APPLICATION_ID = 0x45474154
"""`PRAGMA application_id` of our files ("EGAT"), which `file` and other programs can read."""
VERSION = 1
"""`PRAGMA user_version`: the tables below."""

_TABLES = (
    # AUTOINCREMENT: a row's number is never used again, so whoever reads on from the last one misses nothing.
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        event_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        received_at TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        event TEXT NOT NULL,
        UNIQUE (topic, event_id)
    )
    """,
    """
    CREATE TABLE deleted_events (
        topic TEXT NOT NULL,
        event_id TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        received_at TEXT NOT NULL,
        UNIQUE (topic, event_id)
    )
    """,
    "CREATE INDEX deleted_events_by_age ON deleted_events (received_at)",
    """
    CREATE TRIGGER remember_deleted_events AFTER DELETE ON events BEGIN
        INSERT OR REPLACE INTO deleted_events (topic, event_id, body_sha256, received_at)
        VALUES (old.topic, old.event_id, old.body_sha256, old.received_at);
    END
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


def ensure(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file; raises `StoreFailure` for a file that is not ours to write to."""
    if _is_empty(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if _is_empty(connection):  # else another process came first
            for statement in _TABLES:
                connection.execute(statement)
        connection.execute("COMMIT")
    check(connection)
    connection.execute("PRAGMA journal_mode = WAL")


def check(connection: sqlite3.Connection) -> None:
    """Raises `StoreFailure` unless this is a database of ours that this version understands."""
    if _number(connection, "application_id") != APPLICATION_ID:
        raise StoreFailure("the file is another program's database")
    if _number(connection, "user_version") != VERSION:
        raise StoreFailure("the database was made by another version of EventGate")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return (
        _number(connection, "application_id") == 0
        and _number(connection, "user_version") == 0
        and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def timestamp(seconds: float) -> str:
    """Epoch seconds as RFC 3339 text in UTC with milliseconds: sorts by time, and SQLite's date functions read it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
