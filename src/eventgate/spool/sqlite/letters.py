"""The statements about dead letters, and about what waits, for those who look."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from eventgate.core.spool import SpoolStatus
from eventgate.spool.entries import DeadLetter, Wanted
from eventgate.spool.sqlite.work import event_of

_LETTERS = """
    SELECT writes.seq, writer, outcome, reason, attempts, deferred_at, died_at,
        events.topic, event_id, subject, received_at, correlation_id, traceparent, events.key, body
    FROM writes JOIN events USING (seq)
    WHERE state = 'dead' AND (writes.seq, writer) > (:seq, :after) AND due <= :now
    AND (:topic IS NULL OR writes.topic = :topic) AND (:writer IS NULL OR writer = :writer)
    AND (:since IS NULL OR died_at >= :since)
    ORDER BY writes.seq, writer LIMIT :rows
"""


def find(
    connection: sqlite3.Connection, wanted: Wanted, after: tuple[int, str], rows: int, now: float
) -> list[DeadLetter]:
    """Up to `rows` dead letters after the place `after`, those that nobody is at work on, in the order of deferral."""
    given = {
        "seq": after[0],
        "after": after[1],
        "topic": wanted.topic,
        "writer": wanted.writer,
        "since": wanted.since,
        "rows": rows,
        "now": now,
    }
    return [_letter(row) for row in connection.execute(_LETTERS, given)]


def _letter(row: Sequence[object]) -> DeadLetter:
    seq, writer, outcome, reason, attempts, deferred_at, died_at, *rest = row
    return DeadLetter(
        letter_id(seq, writer),
        event_of(rest),
        writer or None,  # type: ignore[arg-type]
        outcome,  # type: ignore[arg-type]
        reason,  # type: ignore[arg-type]
        attempts,  # type: ignore[arg-type]
        deferred_at,  # type: ignore[arg-type]
        died_at,  # type: ignore[arg-type]
    )


def letter_id(seq: object, writer: object) -> str:
    """How commands name a dead letter: the number of its event, and the writer."""
    return f"{seq}-{writer}" if writer else f"{seq}"


def place(id: str) -> tuple[int, str]:
    """The number of the event and the writer that a name stands for; raises `ValueError`."""
    seq, _, writer = id.partition("-")
    return int(seq), writer


def lease(connection: sqlite3.Connection, letters: Sequence[DeadLetter], until: float, now: float) -> list[DeadLetter]:
    """Keep other commands off `letters` until `until`; those that nobody else has taken, or removed, meanwhile."""
    statement = "UPDATE writes SET due = ? WHERE seq = ? AND writer = ? AND state = 'dead' AND due <= ?"
    return [each for each in letters if connection.execute(statement, (until, *place(each.id), now)).rowcount]


def release(connection: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    """Let other commands have `letters` again."""
    for each in letters:
        statement = "UPDATE writes SET due = 0 WHERE seq = ? AND writer = ? AND state = 'dead'"
        connection.execute(statement, place(each.id))


def remove(connection: sqlite3.Connection, letter: DeadLetter) -> bool:
    """Forget `letter`; whether it was there."""
    statement = "DELETE FROM writes WHERE seq = ? AND writer = ? AND state = 'dead'"
    return connection.execute(statement, place(letter.id)).rowcount > 0


def keep(connection: sqlite3.Connection, letter: DeadLetter, reason: str | None, *, tried: bool) -> None:
    """Leave `letter` where it is, with a new reason, for whoever comes next."""
    connection.execute(
        "UPDATE writes SET due = 0, attempts = attempts + ?, reason = ? "
        "WHERE seq = ? AND writer = ? AND state = 'dead'",
        (int(tried), reason, *place(letter.id)),
    )


def narrow(connection: sqlite3.Connection, letter: DeadLetter, missing: Sequence[tuple[str, str, str | None]]) -> None:
    """Make of a refused event, which some writers have got now, dead letters for the others (name, why, reason)."""
    seq, _ = place(letter.id)
    for writer, why, reason in missing:
        connection.execute(
            "INSERT OR REPLACE INTO writes "
            "(seq, writer, topic, key, state, ready, outcome, reason, attempts, deferred_at, died_at) "
            "VALUES (?, ?, ?, NULL, 'dead', 0, ?, ?, 1, ?, ?)",
            (seq, writer, letter.event.topic, why, reason, letter.deferred_at, letter.died_at),
        )
    remove(connection, letter)


def status(connection: sqlite3.Connection) -> SpoolStatus:
    """How much lies there."""
    (deferred,) = connection.execute("SELECT count(DISTINCT seq) FROM writes WHERE state = 'waiting'").fetchone()
    (oldest,) = connection.execute("SELECT min(deferred_at) FROM writes WHERE state = 'waiting'").fetchone()
    (dead,) = connection.execute("SELECT count(*) FROM writes WHERE state = 'dead'").fetchone()
    return SpoolStatus(deferred, oldest, dead)
