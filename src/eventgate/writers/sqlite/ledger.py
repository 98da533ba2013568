"""The statements of the SQLite writer: what is new, what is there already, what differs.

The rows are the ledger: (topic, event id) is unique, and the digest stands beside it. Rows are never deleted by the
gate. Whoever deletes them (they are the user's) leaves id and digest in `deleted_events`, by a trigger, so that a late
retry of a consumed event is still a duplicate; these are pruned once the event is older than the ledger's days.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from eventgate.core.clock import timestamp
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.sqlite.errors import OF_THE_EVENT, REASONS, StoreFailure, primary_code

# TEXT, so that `event ->> '$.field'` works; cast from bytes, so that they are kept exactly.
_INSERT = """
    INSERT INTO events (topic, event_id, subject, received_at, body_sha256, event)
    SELECT ?1, ?2, ?3, ?4, ?5, CAST(?6 AS TEXT)
    WHERE NOT EXISTS (SELECT 1 FROM deleted_events WHERE topic = ?1 AND event_id = ?2)
    ON CONFLICT (topic, event_id) DO NOTHING
"""
_FIND = """
    SELECT body_sha256, seq FROM events WHERE topic = ?1 AND event_id = ?2
    UNION ALL SELECT body_sha256, NULL FROM deleted_events WHERE topic = ?1 AND event_id = ?2
"""
_PRUNE = """
    DELETE FROM deleted_events WHERE rowid IN
    (SELECT rowid FROM deleted_events WHERE received_at < ? ORDER BY received_at LIMIT ?)
"""
PRUNED_AT_ONCE = 1000
"""Ledger entries pruned in one transaction: a few milliseconds."""


def record(connection: sqlite3.Connection, events: Sequence[Event], until: float) -> list[WriteResult]:
    """Insert what is new, in the transaction that is open; one result for each event, true once it is committed.

    Raises `StoreFailure` past `until` (`time.monotonic()`), `sqlite3.Error` for what concerns them all.
    """
    results = []
    for event in events:
        if time.monotonic() >= until:
            raise StoreFailure("no time was left", passing=True)
        results.append(_record(connection, event))
    return results


def _record(connection: sqlite3.Connection, event: Event) -> WriteResult:
    key = (event.topic, event.event_id)
    try:
        row = (*key, event.subject, timestamp(event.received_at), event.sha256, event.body)
        cursor = connection.execute(_INSERT, row)
    except (UnicodeEncodeError, OverflowError):
        return WriteResult(Outcome.REFUSED, reason="SQLite cannot hold it")
    except sqlite3.Error as error:
        code = primary_code(error)
        if code not in OF_THE_EVENT or not connection.in_transaction:
            raise
        return WriteResult(Outcome.REFUSED, reason=REASONS[code])
    if cursor.rowcount == 1:
        return WriteResult(Outcome.DELIVERED, _position(cursor.lastrowid))
    return _found(connection.execute(_FIND, key).fetchone(), event)


def _found(row: tuple[str, int | None] | None, event: Event) -> WriteResult:
    if row is None:
        return WriteResult(Outcome.FAILED, reason="a trigger of the database dropped it")
    digest, seq = row
    outcome = Outcome.DUPLICATE if digest == event.sha256 else Outcome.CONFLICT
    return WriteResult(outcome, _position(seq))


def _position(seq: int | None) -> dict[str, str | int]:
    return {} if seq is None else {"table": "events", "row": seq}


def undone(events: Sequence[Event], results: Sequence[WriteResult], instead: WriteResult) -> list[WriteResult]:
    """The results of a transaction that did not come through: `instead`, except where the event was not part of it."""
    if len(results) != len(events):
        return [instead] * len(events)
    lost = {
        (event.topic, event.event_id)
        for event, result in zip(events, results, strict=True)
        if result.outcome is Outcome.DELIVERED
    }
    return [
        instead if (event.topic, event.event_id) in lost and result.outcome is not Outcome.REFUSED else result
        for event, result in zip(events, results, strict=True)
    ]


def prune(connection: sqlite3.Connection, retain_days: int) -> bool:
    """Forget the deleted events older than that, up to `PRUNED_AT_ONCE`; True if there may be more."""
    before = timestamp(time.time() - retain_days * 86400)
    return connection.execute(_PRUNE, (before, PRUNED_AT_ONCE)).rowcount == PRUNED_AT_ONCE
