"""What the SQLite writer puts into its tables, and what of it users may rely on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventgate.core.model import Event, Outcome
from eventgate.core.writer import WriterContext
from eventgate.errors import ConfigurationError
from eventgate.testing import make_event
from eventgate.writers.sqlite import ledger
from eventgate.writers.sqlite.store import Store
from eventgate.writers.sqlite.writer import MAX_ROW_BYTES, SPEC
from tests.writers.support import deliver, ids, outcomes, soon, sqlite_writer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in `events.db`."""
    store = Store(tmp_path / "events.db", retain_days=30)
    yield store
    store.close()


def run(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """What a user's own program does with the database; the last statement's rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


def write(store: Store, *events: Event) -> list[str]:
    """The outcomes of one group."""
    return outcomes(store.write(events, soon()))


def test_the_position_is_the_row(store: Store) -> None:
    """Of a new event as of a repeated one."""
    event = make_event()
    first, second = store.write([event], soon()), store.write([event], soon())
    assert first[0].position == second[0].position == {"table": "events", "row": 1}


def test_sql_reads_into_the_events(store: Store, tmp_path: Path) -> None:
    """SQLite's JSON functions take the column as it is, and its date functions the time."""
    write(store, make_event({"price": 7}, received_at=0.25))
    rows = run(
        tmp_path / "events.db", "SELECT json_extract(event, '$.price'), received_at, date(received_at) FROM events"
    )
    assert rows == [(7, "1970-01-01T00:00:00.250Z", "1970-01-01")]


def test_a_deleted_event_is_still_known(store: Store, tmp_path: Path) -> None:
    """Whoever consumes events by deleting their rows gets none of them twice."""
    event, other = make_event({"n": 1}, event_id="one"), make_event({"n": 2}, event_id="one")
    write(store, event)
    run(tmp_path / "events.db", "DELETE FROM events")
    assert write(store, event, other) == ["duplicate", "conflict"]
    assert ids(tmp_path / "events.db") == []


def test_row_numbers_are_never_used_again(store: Store, tmp_path: Path) -> None:
    """A reader that goes on after the last row it saw misses nothing, though the rows were deleted."""
    write(store, make_event(), make_event())
    run(tmp_path / "events.db", "DELETE FROM events")
    assert store.write([make_event()], soon())[0].position["row"] == 3


def test_the_ledger_forgets_deleted_events_after_its_days(tmp_path: Path) -> None:
    """Those within the days stay; the others' ids are free again, in batches of bounded size."""
    old = [make_event(received_at=time.time() - 3 * 86400) for _ in range(ledger.PRUNED_AT_ONCE + 1)]
    recent = make_event(received_at=time.time() - 1 * 86400)
    path = tmp_path / "events.db"
    with closing(Store(path, retain_days=2)) as store:
        write(store, *old, recent)
        run(path, "DELETE FROM events")
    with closing(Store(path, retain_days=2)) as store:
        write(store, make_event())
        assert run(path, "SELECT count(*) FROM deleted_events") == [(2,)]
        assert write(store, old[0], recent) == ["delivered", "duplicate"]
        assert run(path, "SELECT count(*) FROM deleted_events") == [(1,)]


def test_pruning_never_touches_events_that_are_there(tmp_path: Path) -> None:
    """However old: as long as a row is there, its id is never held twice."""
    old = make_event(received_at=0.0)
    with closing(Store(tmp_path / "events.db", retain_days=1)) as store:
        write(store, old)
    with closing(Store(tmp_path / "events.db", retain_days=1)) as store:
        assert write(store, old) == ["duplicate"]


def test_one_event_that_cannot_be_held_harms_no_neighbour(store: Store, tmp_path: Path) -> None:
    """A user's own constraint, or text that is not Unicode, refuses one event alone."""
    write(store, make_event())
    run(
        tmp_path / "events.db",
        """CREATE TRIGGER no_bob BEFORE INSERT ON events WHEN new.subject = 'bob'
           BEGIN SELECT raise(ABORT, 'not bob'); END""",
        """CREATE TRIGGER no_eve BEFORE INSERT ON events WHEN new.subject = 'eve'
           BEGIN SELECT raise(IGNORE); END""",
    )
    group = [make_event(subject=subject) for subject in ("alice", "bob", "\ud800", "eve", "carol")]
    assert write(store, *group) == ["delivered", "refused", "refused", "failed", "delivered"]


def test_a_transaction_ended_by_a_trigger_delivers_nothing(store: Store, tmp_path: Path) -> None:
    """The neighbours went with it, and their results say so."""
    write(store, make_event(event_id="before"))
    run(
        tmp_path / "events.db",
        """CREATE TRIGGER no_bob BEFORE INSERT ON events WHEN new.subject = 'bob'
           BEGIN SELECT raise(ROLLBACK, 'not bob'); END""",
    )
    assert write(store, make_event(), make_event(subject="bob"), make_event()) == ["failed"] * 3
    assert ids(tmp_path / "events.db") == ["before"]


def test_refuses_what_sqlite_cannot_hold(tmp_path: Path) -> None:
    """Rows past its limit (413), and ids or subjects with lone surrogates."""
    writer = sqlite_writer(tmp_path)
    sample = make_event()
    huge = Event("orders", "1", "alice", bytes(MAX_ROW_BYTES), None, 0.0, "test")
    too_large, not_text = writer.refuse(huge), writer.refuse(make_event(event_id="\udfff"))
    assert writer.refuse(sample) is None
    assert too_large is not None
    assert too_large.too_large
    assert not_text is not None
    assert not not_text.too_large


async def test_a_relative_path_needs_a_local_configuration(tmp_path: Path) -> None:
    """Where the configuration comes from elsewhere, only an absolute path says where the file is."""
    with pytest.raises(ConfigurationError, match="must be absolute"):
        SPEC.build(SPEC.settings(), WriterContext(name="sqlite", directory=None))
    settings = SPEC.settings(path=str(tmp_path / "here.db"))
    writer = SPEC.build(settings, WriterContext(name="sqlite", directory=None))
    await writer.open()
    assert (await deliver(writer, make_event()))[0].outcome is Outcome.DELIVERED
    await writer.close()
    assert len(ids(tmp_path / "here.db")) == 1
