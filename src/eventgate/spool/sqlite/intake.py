"""The statements by which events come into the spool."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from eventgate.core.model import Event, Outcome
from eventgate.core.spool import Deferral, Invalid, Untaken
from eventgate.spool.backoff import FIRST_SECONDS

FULL = "the spool is full"
FULL_OF_INVALID = "as many refused events are kept as may be"

_EVENT = """
    INSERT INTO events (kind, topic, event_id, subject, received_at, correlation_id, traceparent, key, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_WAITING = """
    SELECT writes.writer FROM events JOIN writes USING (seq)
    WHERE events.topic = ? AND events.event_id = ? AND events.body = ? AND writes.state = 'waiting'
"""
_WRITE = """
    INSERT INTO writes (seq, writer, topic, key, guard, state, ready, outcome, reason, deferred_at)
    VALUES (:seq, :writer, :topic, :key, :guard, 'waiting',
            :guard IS NULL AND NOT EXISTS (
                SELECT 1 FROM writes AS earlier
                WHERE earlier.topic = :topic AND earlier.key = :key AND earlier.writer = :writer
                AND earlier.state = 'waiting'),
            :outcome, :reason, :now)
"""
_INVALID = """
    INSERT INTO writes (seq, writer, topic, key, state, ready, outcome, reason, deferred_at, died_at)
    VALUES (?, '', ?, NULL, 'dead', 0, 'invalid', ?, ?, ?)
"""
# A writer that failed just now is approached with care; how long it has been failing is known already, or begins now.
_FAILING = """
    INSERT INTO sinks (writer, failures, resume_at) VALUES (?, 1, ?)
    ON CONFLICT (writer) DO UPDATE SET failures = 1, resume_at = excluded.resume_at WHERE failures = 0
"""
_TRIED = (Outcome.FAILED, Outcome.UNKNOWN)


def defer(connection: sqlite3.Connection, deferral: Deferral, max_events: int, now: float) -> dict[str, Untaken]:
    """Put `deferral` into the transaction that is open; the writers for which it does not fit.

    What waits there already, the same bytes under the same id for the same writer, is not put there again.
    """
    event = deferral.event
    known = {row[0] for row in connection.execute(_WAITING, (event.topic, event.event_id, event.body))}
    missing = {name: result for name, result in deferral.missing.items() if name not in known}
    if not missing:
        return {}
    if _count(connection, "deferred") >= max_events:
        return dict.fromkeys(missing, Untaken(FULL))
    seq = _insert(connection, "deferred", event)
    for name, result in missing.items():
        guard = deferral.guard if deferral.guard in missing and deferral.guard != name else None
        row = {
            "seq": seq,
            "writer": name,
            "topic": event.topic,
            "key": event.key or None,
            "guard": guard,
            "outcome": str(result.outcome),
            "reason": result.reason,
            "now": now,
        }
        connection.execute(_WRITE, row)
        if result.outcome in _TRIED:
            connection.execute(_FAILING, (name, now + FIRST_SECONDS))
    return {}


def keep_invalid(connection: sqlite3.Connection, invalid: Invalid, max_events: int, now: float) -> str | None:
    """Put a refused event into the transaction that is open; why it does not fit, or None."""
    if _count(connection, "invalid") >= max_events:
        return FULL_OF_INVALID
    seq = _insert(connection, "invalid", invalid.event)
    connection.execute(_INVALID, (seq, invalid.event.topic, invalid.reason, now, now))
    return None


def _insert(connection: sqlite3.Connection, kind: str, event: Event) -> int:
    values = (
        kind,
        event.topic,
        event.event_id,
        event.subject,
        event.received_at,
        event.correlation_id,
        event.traceparent,
        event.key,
        event.body,
    )
    seq = connection.execute(_EVENT, values).lastrowid
    assert seq is not None  # noqa: S101 # an INSERT that did not raise has made a row
    return seq


def _count(connection: sqlite3.Connection, kind: str) -> int:
    (count,) = connection.execute("SELECT count FROM totals WHERE kind = ?", (kind,)).fetchone()
    return int(count)


def waiting(connection: sqlite3.Connection, topic: str, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """By those of `keys` of which events of `topic` wait, for which writers."""
    statement = "SELECT DISTINCT writer FROM writes WHERE topic = ? AND key = ? AND state = 'waiting'"
    found = {key: frozenset(row[0] for row in connection.execute(statement, (topic, key))) for key in keys}
    return {key: writers for key, writers in found.items() if writers}
