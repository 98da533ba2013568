"""The gate's own statements: which events of a group are new, which are there already, and which differ.

For topics without `sql` the table of the events is the ledger at the same time. One statement inserts what is new; what
it left out is looked up by a second one, since only that sees what a concurrent transaction committed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.writers.postgres.errors import DROPPED

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection

EVENTS_TABLE: Final = "eventgate_events"
LEDGER_TABLE: Final = "eventgate_ledger"
MERGE_TABLE: Final = "eventgate_merge"
PRUNED_AT_ONCE: Final = 1000
"""Entries of the ledger forgotten at once: some milliseconds."""

_SEPARATOR: Final = "\x1e"
"""Stands between the values of a column. No JSON text holds it (RFC 8259, section 7), nor does an event id."""
# Columns go as texts that the server splits (an empty one into nothing, hence `coalesce`): asyncpg takes 2 us longer
# over an event's five places in arrays, and the server no less. Of arrays other than of text it also asks the catalogue
# on each new connection, which takes longer than the rest of a first write.
_INSERT_EVENTS: Final = """
    INSERT INTO eventgate_events (topic, event_id, subject, payload, body_sha256, received_at)
    SELECT $1, event_id, coalesce(subject, ''), payload, body_sha256, to_timestamp(received_at)
    FROM unnest(string_to_array($3, $2), string_to_array($4, $2), string_to_array($5, $2)::float8[],
                string_to_array($6, $2), string_to_array($7, $2)::jsonb[])
        AS event (event_id, body_sha256, received_at, subject, payload)
    ON CONFLICT (topic, event_id) DO NOTHING RETURNING event_id
"""
_INSERT_ENTRIES: Final = """
    INSERT INTO eventgate_ledger (topic, event_id, body_sha256, received_at)
    SELECT $1, event_id, body_sha256, to_timestamp(received_at)
    FROM unnest(string_to_array($3, $2), string_to_array($4, $2), string_to_array($5, $2)::float8[])
        AS event (event_id, body_sha256, received_at)
    ON CONFLICT (topic, event_id) DO NOTHING RETURNING event_id
"""
_FIND: Final = "SELECT event_id, body_sha256 FROM {} WHERE topic = $1 AND event_id = ANY($2::text[])"
_PRUNE: Final = """
    DELETE FROM eventgate_ledger WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM eventgate_ledger WHERE received_at < now() - make_interval(days => $1)
        ORDER BY received_at LIMIT $2))
"""

_DROPPED: Final = WriteResult(Outcome.FAILED, reason=DROPPED)


async def record(connection: Connection, table: str, events: Sequence[Event]) -> frozenset[str]:
    """Insert what is new into `table`, in the transaction that is open; the ids of what was new.

    The events are of one topic and have distinct ids. In the order of these, so that two transactions that meet wait
    for each other one way only.
    """
    events = sorted(events, key=lambda event: event.event_id)
    columns = [
        [event.event_id for event in events],
        [event.sha256 for event in events],
        [f"{event.received_at:.6f}" for event in events],
    ]
    if table == EVENTS_TABLE:
        columns += [[event.subject for event in events], [event.body.decode() for event in events]]
    insert = _INSERT_EVENTS if table == EVENTS_TABLE else _INSERT_ENTRIES
    rows = await connection.fetch(insert, events[0].topic, *_joined(columns))
    return frozenset(row[0] for row in rows)


def _joined(columns: Sequence[Sequence[str]]) -> list[str]:
    """A separator that is in no value (subjects may hold anything), and the text of each column."""
    separator = _SEPARATOR
    texts = [separator.join(column) for column in columns]
    if any(text.count(separator) >= len(column) for text, column in zip(texts, columns, strict=True)):
        separator = f"{_SEPARATOR}{uuid4()}{_SEPARATOR}"
        texts = [separator.join(column) for column in columns]
    return [separator, *texts]


async def digests(connection: Connection, table: str, topic: str, ids: Sequence[str]) -> dict[str, str]:
    """The digests of those events that are in `table`, by id."""
    rows = await connection.fetch(_FIND.format(table), topic, list(ids))
    return {row[0]: row[1] for row in rows}


async def prune(connection: Connection, retain_days: int) -> bool:
    """Forget the oldest entries past their days, up to `PRUNED_AT_ONCE`; True if there may be more."""
    return await connection.execute(_PRUNE, retain_days, PRUNED_AT_ONCE) == f"DELETE {PRUNED_AT_ONCE}"


def judge(
    events: Sequence[Event], table: str | None, new: frozenset[str], there: Mapping[str, str], doubtful: frozenset[str]
) -> list[WriteResult]:
    """A result for each event once its transaction is committed.

    `there` are the digests of those that were not new. What an earlier attempt of ours inserted and may have committed
    (`doubtful`) is no duplicate but delivered.
    """
    return [_judge(event, table, new, there.get(event.event_id), doubtful) for event in events]


def _judge(
    event: Event, table: str | None, new: frozenset[str], digest: str | None, doubtful: frozenset[str]
) -> WriteResult:
    position: dict[str, str | int] = {} if table is None else {"table": table, "key": event.event_id}
    if event.event_id in new:
        return WriteResult(Outcome.DELIVERED, position)
    if digest is None:
        return _DROPPED
    if digest != event.sha256:
        return WriteResult(Outcome.CONFLICT, position)
    return WriteResult(Outcome.DELIVERED if event.event_id in doubtful else Outcome.DUPLICATE, position)


def moment(seconds: float) -> datetime:
    """Epoch seconds as the database takes them."""
    return datetime.fromtimestamp(seconds, UTC)


def bodies(events: Sequence[Event]) -> str:
    """`$1`: the bytes of the events side by side, none of them read or written anew."""
    return f"[{b','.join(event.body for event in events).decode()}]"


def metadata(events: Sequence[Event]) -> str:
    """`$2`: what the gate knows of them."""
    rows = [
        {
            "event_id": event.event_id,
            "subject": event.subject,
            "topic": event.topic,
            "received_at": moment(event.received_at),
            "correlation_id": event.correlation_id,
            "body_sha256": event.sha256,
        }
        for event in events
    ]
    return msgspec.json.encode(rows).decode()
