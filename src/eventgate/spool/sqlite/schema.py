"""The tables of the spool.

`events` holds each event once; `writes` says which writers lack it. A write that is `waiting` is tried when it is
`ready`: the first of its lane (topic, writer and key), its guard no longer waiting. The statements that end a write
make the next one ready, so that finding work never means looking through what is not. A write that is `leased` is being
tried by whoever has the lease; it is `due` again when that ran out.
"""

from __future__ import annotations

from eventgate.sqlite.schema import Schema

_TABLES = (
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        topic TEXT NOT NULL,
        event_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        received_at REAL NOT NULL,
        correlation_id TEXT NOT NULL,
        traceparent TEXT,
        key TEXT,
        body BLOB NOT NULL
    )
    """,
    "CREATE INDEX events_by_id ON events (topic, event_id)",
    """
    CREATE TABLE writes (
        seq INTEGER NOT NULL,
        writer TEXT NOT NULL,
        topic TEXT NOT NULL,
        key TEXT,
        guard TEXT,
        state TEXT NOT NULL,
        ready INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        deferred_at REAL NOT NULL,
        due REAL NOT NULL DEFAULT 0,
        lease TEXT,
        died_at REAL,
        PRIMARY KEY (seq, writer)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX ready_writes ON writes (writer, due, seq) WHERE state = 'waiting' AND ready = 1",
    "CREATE INDEX lanes ON writes (topic, key, writer, seq) WHERE state = 'waiting' AND key IS NOT NULL",
    "CREATE INDEX waiting_writes ON writes (deferred_at, seq) WHERE state = 'waiting'",
    "CREATE INDEX dead_writes ON writes (died_at) WHERE state = 'dead'",
    # Of each writer: how often in a row nothing got through, and when it is tried again. All workers share it.
    """
    CREATE TABLE sinks (
        writer TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        resume_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE TABLE totals (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO totals (kind, count) VALUES ('deferred', 0), ('invalid', 0)",
    """
    CREATE TRIGGER count_new AFTER INSERT ON events BEGIN
        UPDATE totals SET count = count + 1 WHERE kind = new.kind;
    END
    """,
    """
    CREATE TRIGGER count_gone AFTER DELETE ON events BEGIN
        UPDATE totals SET count = count - 1 WHERE kind = old.kind;
    END
    """,
    """
    CREATE TRIGGER drop_settled AFTER DELETE ON writes BEGIN
        DELETE FROM events WHERE seq = old.seq AND NOT EXISTS (SELECT 1 FROM writes WHERE seq = old.seq);
    END
    """,
)

SCHEMA = Schema(application_id=0x45475350, version=1, statements=_TABLES)
"""The application id reads "EGSP"."""
