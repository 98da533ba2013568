"""The SQLite writer when the disk or another program stands in its way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventgate.core.model import Outcome
from eventgate.sqlite import errors
from eventgate.sqlite.errors import REASONS, StoreFailure, failure
from eventgate.testing import make_event
from eventgate.writers.sqlite.store import Store
from tests.writers.support import ids, outcomes, soon

BODY = b'"' + b"x" * 20000 + b'"'

UNDER_A_FILE_SIZE_LIMIT = """
import resource, sys, time
from pathlib import Path
from eventgate.testing import make_event
from eventgate.writers.sqlite.store import Store
store = Store(Path(sys.argv[1]), 30)
def write(name):
    result = store.write([make_event(body=b'"' + b"x" * 20000 + b'"', event_id=name)], time.monotonic() + 10)[0]
    print(name, result.outcome, result.reason)
    return result.outcome
write("before")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (150000, hard))
number = 0
while write(f"under-{number}") == "delivered":
    number += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
write("after")
store.close()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in `events.db`."""
    store = Store(tmp_path / "events.db", retain_days=30)
    yield store
    store.close()


def test_a_full_disk_fails_the_group_and_is_got_over(tmp_path: Path) -> None:
    """The operating system refuses to let a file grow: nothing of the group is there, and later ones are as before."""
    path = tmp_path / "events.db"
    command = [sys.executable, "-c", UNDER_A_FILE_SIZE_LIMIT, str(path)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    said = [line.split(" ", 2) for line in lines]
    delivered = [name for name, outcome, _ in said if outcome == "delivered"]
    assert [outcome for _, outcome, _ in said].count("failed") == 1
    assert said[-2][1:] == ["failed", "the disk cannot be read or written (SQLITE_IOERR_WRITE)"]
    assert said[-1][:2] == ["after", "delivered"]
    assert ids(path) == delivered


def test_sqlite_s_own_full_is_a_full_disk(store: Store, tmp_path: Path) -> None:
    """The error that SQLite gives for a disk without space, and for a database at its greatest size."""
    small = make_event(event_id="small")
    assert outcomes(store.write([small], soon())) == ["delivered"]
    connection = store._database._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1").fetchone()
    large = make_event(body=BODY, event_id="large")
    results = store.write([small, large], soon())
    assert results[1].outcome is Outcome.FAILED
    assert results[1].reason == "the disk is full (SQLITE_FULL)"
    assert outcomes(store.write([large], soon())) == ["delivered"]
    assert ids(tmp_path / "events.db") == ["small", "large"]


def test_a_locked_database_fails_when_time_is_up(store: Store, tmp_path: Path) -> None:
    """Not before, not much later; the reason is the lock."""
    store.write([make_event()], soon())
    with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        result = store.write([make_event(event_id="late")], started + 0.3)[0]
        assert 0.2 < time.monotonic() - started < 10
        assert (result.outcome, result.reason) == ("failed", "the database is locked (SQLITE_BUSY)")
        with pytest.raises(StoreFailure, match="locked"):
            store.probe(time.monotonic() + 0.1)
        other.execute("ROLLBACK")
    assert outcomes(store.write([make_event(event_id="late")], soon())) == ["delivered"]


def test_a_file_locked_while_it_is_opened_is_a_reason(store: Store, tmp_path: Path) -> None:
    """Another program may hold all of it."""
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = store.write([make_event()], soon(0.2))[0]
        assert (result.outcome, result.reason) == ("failed", "the database is locked (SQLITE_BUSY)")
    assert outcomes(store.write([make_event()], soon())) == ["delivered"]


def test_a_failed_transaction_changes_nothing_about_the_others(store: Store) -> None:
    """What was there stays a duplicate or conflict; what was new is failed, its repetitions in the group too."""
    known, clash = make_event({"n": 1}, event_id="known"), make_event({"n": 2}, event_id="known")
    store.write([known], soon())
    connection = store._database._connection
    assert connection is not None
    connection.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    connection.execute(
        "CREATE TABLE children (seq INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    connection.execute(
        "CREATE TRIGGER orphans AFTER INSERT ON events BEGIN INSERT INTO children VALUES (new.seq + 1000); END"
    )
    connection.execute("PRAGMA foreign_keys = ON")
    new, again = make_event(event_id="new"), make_event({"n": 3}, event_id="new")
    results = store.write([known, clash, new, new, again, make_event(subject="\ud800")], soon())
    assert outcomes(results) == ["duplicate", "conflict", "failed", "failed", "failed", "refused"]


def test_an_event_that_vanished_with_its_file_is_unknown(store: Store, tmp_path: Path) -> None:
    """The file is moved while the transaction is open: the event is in a file of another name."""
    path = tmp_path / "events.db"
    store.write([make_event(event_id="before")], soon())
    connection = store._database._connection
    assert connection is not None
    connection.create_function("move_away", 0, lambda: str(path.rename(tmp_path / "moved.db")))
    connection.execute("CREATE TEMP TRIGGER move AFTER INSERT ON main.events BEGIN SELECT move_away(); END")
    assert outcomes(store.write([make_event(event_id="moved")], soon())) == ["unknown"]
    assert outcomes(store.write([make_event(event_id="after")], soon())) == ["delivered"]
    assert ids(path) == ["after"]
    assert ids(tmp_path / "moved.db") == ["before", "moved"]


def test_a_database_without_its_tables_is_a_reason(store: Store, tmp_path: Path) -> None:
    """Someone dropped them."""
    store.write([make_event()], soon())
    with closing(sqlite3.connect(tmp_path / "events.db")) as other, other:
        other.execute("DROP TABLE events")
    result = store.write([make_event()], soon())[0]
    assert (result.outcome, result.reason) == ("failed", "the database does not have the gate's tables (SQLITE_ERROR)")


def test_a_spoiled_database_is_a_reason(store: Store, tmp_path: Path) -> None:
    """Bytes in the middle of the file were overwritten."""
    path = tmp_path / "events.db"
    store.write([make_event(body=BODY)], soon())
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    result = store.write([make_event()], soon())[0]
    assert (result.outcome, result.reason) == (
        "failed",
        "the file is not a usable SQLite database (SQLITE_CORRUPT)",
    )


PRIMARY = {
    name: code
    for name in dir(sqlite3)
    if name.startswith("SQLITE_") and name.count("_") == 1 and isinstance(code := getattr(sqlite3, name), int)
}
NO_ERRORS = {"SQLITE_OK", "SQLITE_ROW", "SQLITE_DONE", "SQLITE_NOTICE", "SQLITE_WARNING"}
ACTIONS = {
    # of `Connection.set_authorizer`, which share the prefix with the result codes
    *("SQLITE_DENY", "SQLITE_IGNORE", "SQLITE_DELETE", "SQLITE_INSERT", "SQLITE_PRAGMA", "SQLITE_READ"),
    *("SQLITE_SELECT", "SQLITE_TRANSACTION", "SQLITE_UPDATE", "SQLITE_ATTACH", "SQLITE_DETACH", "SQLITE_REINDEX"),
    *("SQLITE_ANALYZE", "SQLITE_FUNCTION", "SQLITE_SAVEPOINT", "SQLITE_RECURSIVE"),
}


@pytest.mark.parametrize("name", sorted(set(PRIMARY) - NO_ERRORS - ACTIONS))
def test_every_result_code_of_sqlite_has_a_reason(name: str) -> None:
    """A code that a newer Python knows and we do not fails here."""
    assert PRIMARY[name] in REASONS


def test_after_a_failed_sync_nothing_is_certain() -> None:
    """The last frame may be on the disk, and recovery would then take it; a lock or a full disk came before it."""
    assert not failure(_error(sqlite3.SQLITE_IOERR_FSYNC), committing=True).certain
    assert not failure(MemoryError(), committing=True).certain
    assert failure(_error(sqlite3.SQLITE_FULL), committing=True).certain
    assert failure(_error(sqlite3.SQLITE_IOERR_WRITE), committing=True).certain
    assert failure(_error(sqlite3.SQLITE_IOERR_FSYNC)).certain


def test_reasons_hold_no_text_of_the_error() -> None:
    """An operating system's error text names files."""
    assert "secret" not in errors.failure(OSError(2, "gone", "/secret/events.db")).reason
    assert "secret" not in errors.failure(_error(sqlite3.SQLITE_CANTOPEN)).reason


def _error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("/secret/events.db")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_TEST"
    return error


READ_ONLY = """
import os, sys, time
from pathlib import Path
from eventgate.testing import make_event
from eventgate.sqlite.errors import StoreFailure
from eventgate.writers.sqlite.store import Store

path = Path(sys.argv[1])
Store(path, 30).write([make_event()], time.monotonic() + 5)
for file in path.parent.iterdir():
    file.chmod(0o444)
path.parent.chmod(0o777)
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)  # permissions do not bind root
store = Store(path, 30)
print(store.write([make_event()], time.monotonic() + 5)[0].outcome)
try:
    store.probe(time.monotonic() + 5)
except StoreFailure as failure:
    print(failure.reason)
"""


def test_of_a_file_that_may_only_be_read_the_probe_says_what_a_write_would() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(Path(folder) / "events.db")],
            capture_output=True,
            text=True,
            check=True,
        )
    outcome, reason = run.stdout.splitlines()
    assert outcome == "failed"
    assert "SQLITE_READONLY" in reason
