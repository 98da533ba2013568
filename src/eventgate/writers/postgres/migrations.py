"""The gate's own tables: how they come to be, and how they change from version to version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

LOCK: Final = 0x6576656E74676174
"""The advisory lock that one migration at a time holds ("eventgat")."""


class Migration(msgspec.Struct, frozen=True):
    """One step, which never changes once it was released."""

    version: int
    summary: str
    sql: str


MIGRATIONS: Final = (
    Migration(
        1,
        "events, their ledger, and what merges keep",
        """\
CREATE TABLE eventgate_events (
    topic text NOT NULL,
    event_id text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    body_sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (topic, event_id)
);

CREATE TABLE eventgate_ledger (
    topic text NOT NULL,
    event_id text NOT NULL,
    body_sha256 text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (topic, event_id)
);

CREATE INDEX eventgate_ledger_by_age ON eventgate_ledger (received_at);

CREATE TABLE eventgate_merge (
    topic text NOT NULL,
    key text NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (topic, key)
);

COMMENT ON TABLE eventgate_events IS 'Events of the topics without sql, as EventGate delivered them';
COMMENT ON TABLE eventgate_ledger IS 'Event ids that EventGate delivered by sql; pruned after ledger.retain_days';
COMMENT ON TABLE eventgate_merge IS 'What statements of topics keep to merge events in any order';
""",
    ),
)

_VERSIONS: Final = """\
CREATE TABLE IF NOT EXISTS eventgate_schema (
    version integer PRIMARY KEY,
    summary text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


class NewerTables(Exception):
    """The tables were made by a later version of EventGate."""


async def migrate(connection: Connection) -> list[Migration]:
    """Bring the gate's tables up to date, in one transaction; the steps that were taken.

    Safe to run twice at once: the second waits for the first, and finds nothing to do. Works through a pooler that
    hands out connections by transaction. Raises `NewerTables`, and what asyncpg raises.
    """
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        if await connection.fetchval("SELECT to_regclass('eventgate_schema') IS NULL"):
            await connection.execute(_VERSIONS)
        done = await connection.fetchval("SELECT coalesce(max(version), 0) FROM eventgate_schema")
        if done > MIGRATIONS[-1].version:
            raise NewerTables
        due = [migration for migration in MIGRATIONS if migration.version > done]
        for migration in due:
            await connection.execute(_step(migration))
    return due


def script() -> str:
    """All of it as SQL for `psql`, for those who let nobody but themselves change tables; for an empty schema."""
    steps = "\n".join(_step(migration) for migration in MIGRATIONS)
    return f"BEGIN;\n\nSELECT pg_advisory_xact_lock({LOCK});\n\n{_VERSIONS}\n{steps}\nCOMMIT;\n"


def _step(migration: Migration) -> str:
    values = f"({migration.version}, '{migration.summary}')"
    record = f"INSERT INTO eventgate_schema (version, summary) VALUES {values};"  # noqa: S608  all of it is ours
    return f"-- {migration.version}: {migration.summary}\n\n{migration.sql}\n{record}\n"
