"""The tables of the SQLite writer."""

from __future__ import annotations

from eventgate.sqlite.schema import Schema

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
)
SCHEMA = Schema(application_id=0x45474154, version=1, statements=_TABLES)
"""The application id reads "EGAT"."""
