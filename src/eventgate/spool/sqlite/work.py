"""The statements by which waiting writes are taken up, and settled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from eventgate.core.model import Event, Outcome
from eventgate.spool.backoff import pause
from eventgate.spool.entries import DeathReason, Settlement, Write

MAX_WRITES = 256
"""Writes taken up at once, for one writer."""
MAX_BYTES = 8 * 1024 * 1024
"""Bytes of events taken up at once; a larger one is taken up alone."""
MAX_FOLLOWERS = 31
"""How many later events of one key are taken up behind the first."""
EXPIRED_AT_ONCE = 500

_COLUMNS = """
    writes.seq, writer, outcome, reason, attempts, deferred_at,
    events.topic, event_id, subject, received_at, correlation_id, traceparent, events.key, body
"""
_READY = f"""
    SELECT {_COLUMNS} FROM writes JOIN events USING (seq)
    WHERE state = 'waiting' AND ready = 1 AND writer = ? AND due <= ? ORDER BY due, writes.seq LIMIT ?
"""  # noqa: S608 # made of constants
_FOLLOWERS = f"""
    SELECT guard, {_COLUMNS} FROM writes JOIN events USING (seq)
    WHERE state = 'waiting' AND writes.topic = ? AND writes.key = ? AND writer = ? AND writes.seq > ?
    ORDER BY writes.seq LIMIT {MAX_FOLLOWERS}
"""  # noqa: S608 # made of constants
_NEXT_OF_LANE = """
    UPDATE writes SET ready = 1
    WHERE writer = :writer AND guard IS NULL AND ready = 0 AND seq = (
        SELECT seq FROM writes WHERE topic = :topic AND key = :key AND writer = :writer AND state = 'waiting'
        ORDER BY seq LIMIT 1)
"""
_UNGUARDED = """
    UPDATE writes SET guard = NULL, ready = NOT EXISTS (
        SELECT 1 FROM writes AS earlier
        WHERE earlier.topic = writes.topic AND earlier.key = writes.key AND earlier.writer = writes.writer
        AND earlier.state = 'waiting' AND earlier.seq < writes.seq)
    WHERE seq = ? AND guard = ? AND state = 'waiting'
"""
_RETRY = """
    UPDATE writes SET due = ?, lease = NULL, attempts = attempts + 1, outcome = ?, reason = ?
    WHERE seq = ? AND writer = ? AND lease = ?
"""
_DIE = """
    UPDATE writes SET state = 'dead', ready = 0, guard = NULL, lease = NULL, due = 0,
        outcome = :why, reason = :reason, attempts = attempts + :tried, died_at = :now
    WHERE seq = :seq AND writer = :writer AND state = 'waiting'
"""
_EXPIRED = "SELECT seq, writer, outcome, reason FROM writes WHERE state = 'waiting' AND deferred_at <= ? AND due <= ?"


def claim(connection: sqlite3.Connection, writer: str, lease: str, now: float, until: float) -> list[Write]:
    """Take up what may be tried for `writer`, in the order of deferral, and of each key the first ones; ours until
    `until` (epoch seconds). Of a writer that is failing, one event, and only when its time has come.
    """
    row = connection.execute("SELECT failures, resume_at FROM sinks WHERE writer = ?", (writer,)).fetchone()
    failing = row is not None and row[0] > 0
    if failing and row[1] > now:
        return []
    taken: list[Write] = []
    size = 0
    for ready in connection.execute(_READY, (writer, now, 1 if failing else MAX_WRITES)).fetchall():
        if size > MAX_BYTES or len(taken) >= MAX_WRITES:
            break
        for write in [_write(ready), *([] if failing else _followers(connection, ready))]:
            size += len(write.event.body)
            if taken and (size > MAX_BYTES or len(taken) >= MAX_WRITES):
                break
            taken.append(write)
    for write in taken:
        key = (lease, until, _seq(write), writer)
        connection.execute("UPDATE writes SET lease = ?, due = ? WHERE seq = ? AND writer = ?", key)
    if failing and taken:
        connection.execute("UPDATE sinks SET resume_at = ? WHERE writer = ?", (until, writer))
    return taken


def _followers(connection: sqlite3.Connection, first: tuple[object, ...]) -> Iterable[Write]:
    seq, writer, topic, key = first[0], first[1], first[6], first[12]
    if not key:
        return
    for guard, *row in connection.execute(_FOLLOWERS, (topic, key, writer, seq)).fetchall():
        if guard is not None:
            return
        yield _write(tuple(row))


def _write(row: Sequence[object]) -> Write:
    seq, writer, outcome, reason, attempts, deferred_at, *rest = row
    return Write(str(seq), event_of(rest), writer, outcome, reason, attempts, deferred_at)  # type: ignore[arg-type]


def event_of(row: Sequence[object]) -> Event:
    """The event of a row that has the columns of `events` from `topic` to `body`."""
    topic, event_id, subject, received_at, correlation_id, traceparent, key, body = row
    return Event(
        topic,  # type: ignore[arg-type]
        event_id,  # type: ignore[arg-type]
        subject,  # type: ignore[arg-type]
        body,  # type: ignore[arg-type]
        None,
        received_at,  # type: ignore[arg-type]
        correlation_id,  # type: ignore[arg-type]
        key,  # type: ignore[arg-type]
        traceparent,  # type: ignore[arg-type]
    )


def settle(connection: sqlite3.Connection, settlements: Sequence[Settlement], lease: str, now: float) -> None:
    """Put down what became of writes that were claimed. A write that is done is done, whoever has its lease now."""
    for each in settlements:
        seq, write, result = _seq(each.write), each.write, each.result
        if each.due is not None:
            row = (each.due, str(result.outcome), result.reason, seq, write.writer, lease)
            connection.execute(_RETRY, row)
        elif each.why is not None:
            _die(connection, seq, write.writer, each.why, result.reason, now, tried=1)
        else:
            _done(connection, seq, write)


def release(connection: sqlite3.Connection, writes: Sequence[Write], lease: str) -> None:
    """Give back what was claimed and not tried."""
    for write in writes:
        connection.execute(
            "UPDATE writes SET lease = NULL, due = 0 WHERE seq = ? AND writer = ? AND lease = ?",
            (_seq(write), write.writer, lease),
        )


def extend(connection: sqlite3.Connection, writes: Sequence[Write], lease: str, until: float) -> list[Write]:
    """Keep what was claimed until `until`; those of which the lease is still ours."""
    return [
        write
        for write in writes
        if connection.execute(
            "UPDATE writes SET due = ? WHERE seq = ? AND writer = ? AND lease = ?",
            (until, _seq(write), write.writer, lease),
        ).rowcount
    ]


def note_sink(connection: sqlite3.Connection, writer: str, *, works: bool, now: float) -> None:
    """Put down whether anything got through to `writer`. Once it works again, nothing of it waits any longer."""
    row = connection.execute("SELECT failures FROM sinks WHERE writer = ?", (writer,)).fetchone()
    failures = row[0] if row else 0
    if works:
        if failures:
            connection.execute("UPDATE sinks SET failures = 0, resume_at = 0 WHERE writer = ?", (writer,))
            connection.execute(
                "UPDATE writes SET due = 0 WHERE state = 'waiting' AND ready = 1 AND writer = ? AND due > ? "
                "AND lease IS NULL",
                (writer, now),
            )
        return
    connection.execute(
        "INSERT OR REPLACE INTO sinks (writer, failures, resume_at) VALUES (?, ?, ?)",
        (writer, failures + 1, now + pause(failures + 1)),
    )


def retry_at_once(connection: sqlite3.Connection) -> None:
    """Let everything be tried now that is not being tried, as a gate that starts does."""
    connection.execute("UPDATE sinks SET resume_at = 0 WHERE resume_at > 0")
    connection.execute("UPDATE writes SET due = 0 WHERE state = 'waiting' AND due > 0 AND lease IS NULL")


def resume(connection: sqlite3.Connection, writer: str) -> None:
    """Let `writer` be tried now, with what is due."""
    connection.execute("UPDATE sinks SET resume_at = 0 WHERE writer = ?", (writer,))


def expire(connection: sqlite3.Connection, before: float, now: float) -> int:
    """Make dead letters of what was deferred before `before` and is not being tried; how many."""
    rows = connection.execute(f"{_EXPIRED} LIMIT {EXPIRED_AT_ONCE}", (before, now)).fetchall()
    for seq, writer, outcome, reason in rows:
        last = f"; last: {outcome}" + (f": {reason}" if reason else "")
        _die(connection, seq, writer, "expired", f"not delivered within spool.max_age_seconds{last}", now)
    return len(rows)


def _done(connection: sqlite3.Connection, seq: int, write: Write) -> None:
    connection.execute(_UNGUARDED, (seq, write.writer))
    gone = connection.execute(
        "DELETE FROM writes WHERE seq = ? AND writer = ? AND state = 'waiting'", (seq, write.writer)
    )
    if gone.rowcount:
        _next_of_lane(connection, write.event.topic, write.event.key, write.writer)


def _die(
    connection: sqlite3.Connection, seq: int, writer: str, why: DeathReason, reason: str | None, now: float,
    *, tried: int = 0,
) -> None:  # fmt: skip
    row = {"seq": seq, "writer": writer, "why": why, "reason": reason, "now": now, "tried": tried}
    guarded = connection.execute(
        "SELECT writer FROM writes WHERE seq = ? AND guard = ? AND state = 'waiting'", (seq, writer)
    ).fetchall()
    if not connection.execute(_DIE, row).rowcount:
        return
    topic, key = connection.execute("SELECT topic, key FROM events WHERE seq = ?", (seq,)).fetchone()
    _next_of_lane(connection, topic, key, writer)
    for (name,) in guarded:
        _die(connection, seq, name, "guard", f"{Outcome.SKIPPED}: the guard {writer} does not hold it", now)


def _next_of_lane(connection: sqlite3.Connection, topic: str, key: str | None, writer: str) -> None:
    if key:
        connection.execute(_NEXT_OF_LANE, {"writer": writer, "topic": topic, "key": key})


def _seq(write: Write) -> int:
    return int(write.id)
