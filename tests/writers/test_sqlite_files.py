"""The database's file under a running writer: moved, deleted, replaced, or not ours."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.sqlite import schema
from eventgate.writers.sqlite.store import Store
from tests.writers.support import deliver, ids, outcomes, soon, sqlite_writer


async def test_the_file_is_there_once_the_writer_is_open(tmp_path: Path) -> None:
    """So that it can be read before the first event."""
    async with opened(sqlite_writer(tmp_path)):
        assert ids(tmp_path / "events.db") == []


async def test_after_a_deletion_a_new_file_is_made(tmp_path: Path) -> None:
    """No event goes into a file without a name."""
    path = tmp_path / "events.db"
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="one"))
        path.unlink()
        assert outcomes(await deliver(writer, make_event(event_id="two"))) == ["delivered"]
        assert ids(path) == ["two"]
    assert ids(path) == ["two"]


async def test_a_file_can_be_moved_away_whole(tmp_path: Path) -> None:
    """What was delivered is in the moved file, though its log stayed behind; what follows is in a new one."""
    path, moved = tmp_path / "events.db", tmp_path / "yesterday.db"
    async with opened(sqlite_writer(tmp_path)) as one, opened(sqlite_writer(tmp_path)) as other:
        await deliver(one, make_event(event_id="a"))
        await deliver(other, make_event(event_id="b"))
        path.rename(moved)
        await deliver(one, make_event(event_id="c"))
        await deliver(other, make_event(event_id="d"))
        assert ids(path) == ["c", "d"]
    assert ids(moved) == ["a", "b"]
    assert ids(path) == ["c", "d"]


async def test_a_file_moved_away_before_the_end_is_whole(tmp_path: Path) -> None:
    """Nothing is written after the move; closing completes the moved file all the same."""
    path, moved = tmp_path / "events.db", tmp_path / "yesterday.db"
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="a"))
        path.rename(moved)
    assert ids(moved) == ["a"]


async def test_a_backup_can_be_put_in_place(tmp_path: Path) -> None:
    """The replaced database's log is not taken for the new one's."""
    path, backup = tmp_path / "events.db", tmp_path / "backup.db"
    async with opened(sqlite_writer(tmp_path)) as one, opened(sqlite_writer(tmp_path)) as other:
        await deliver(one, make_event(event_id="kept"))
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        await deliver(other, *(make_event() for _ in range(200)))
        backup.replace(path)
        await deliver(one, make_event(event_id="new"))
        await deliver(other, make_event(event_id="newer"))
    assert ids(path) == ["kept", "new", "newer"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_log_left_behind_by_another_database_is_not_used(tmp_path: Path) -> None:
    """A deleted database's log beside a new one would spoil it."""
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="old"))
        log = (tmp_path / "events.db-wal").read_bytes()
    (tmp_path / "events.db").unlink()
    (tmp_path / "events.db-wal").write_bytes(log)
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="new"))
    assert ids(tmp_path / "events.db") == ["new"]


async def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    """A symbolic link may name the database; it is followed each time."""
    real, other = tmp_path / "real", tmp_path / "other"
    real.mkdir()
    other.mkdir()
    link = tmp_path / "events.db"
    link.symlink_to(real / "a.db")
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="one"))
        link.unlink()
        link.symlink_to(other / "b.db")
        await deliver(writer, make_event(event_id="two"))
    assert (ids(real / "a.db"), ids(other / "b.db")) == (["one"], ["two"])


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE theirs (x)", "another program's"),
        ("PRAGMA user_version = 7", "another program's"),
        ("PRAGMA application_id = 7", "another program's"),
        (f"PRAGMA application_id = {schema.SCHEMA.application_id}", "another version"),
    ],
)
async def test_a_database_of_something_else_is_left_alone(tmp_path: Path, statement: str, reason: str) -> None:
    """The writer says why, writes nothing, and goes on once it is gone."""
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    before = path.read_bytes()
    async with opened(sqlite_writer(tmp_path)) as writer:
        result = (await deliver(writer, make_event()))[0]
        assert result.outcome == "failed"
        assert reason in (result.reason or "")
        with pytest.raises(SinkUnavailable, match=reason):
            await writer.probe()
        assert path.read_bytes() == before
        path.unlink()
        assert outcomes(await deliver(writer, make_event())) == ["delivered"]


def test_a_missing_folder_is_a_reason(tmp_path: Path) -> None:
    """And no more than that, once it is there."""
    with closing(Store(tmp_path / "later" / "events.db", retain_days=30)) as store:
        result = store.write([make_event()], soon())[0]
        assert (result.outcome, result.reason) == (
            "failed",
            "the database file cannot be opened (SQLITE_CANTOPEN)",
        )
        (tmp_path / "later").mkdir()
        assert outcomes(store.write([make_event()], soon())) == ["delivered"]


@pytest.mark.parametrize("attempt", range(10))
def test_of_many_that_create_the_file_at_once_all_deliver(tmp_path: Path, attempt: int) -> None:
    """Several workers start together, or find the file gone together."""
    together = threading.Barrier(8)

    def create(name: str) -> list[str]:
        with closing(Store(tmp_path / "events.db", retain_days=30)) as store:
            together.wait()
            return outcomes(store.write([make_event(event_id=name)], soon()))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(create, "abcdefgh")) == [["delivered"]] * 8
    assert sorted(ids(tmp_path / "events.db")) == list("abcdefgh")


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    """As `touch` or a mounted file leaves it."""
    (tmp_path / "events.db").touch()
    with closing(Store(tmp_path / "events.db", retain_days=30)) as store:
        assert outcomes(store.write([make_event()], soon())) == ["delivered"]
