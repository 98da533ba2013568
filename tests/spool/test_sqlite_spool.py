"""The spool's file: durable before anything is called deferred, and honest when the disk is not."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventgate.core.spool import Deferral, Invalid
from eventgate.errors import SinkUnavailable
from eventgate.spool.sqlite import work
from eventgate.spool.sqlite.spool import SqliteSpool
from eventgate.testing import make_event
from tests.spool.sinks import FAILED, soon

BODY = b'"' + b"x" * 20000 + b'"'

UNDER_A_FILE_SIZE_LIMIT = """
import asyncio, resource, sys
from pathlib import Path
from eventgate.core.spool import Deferral
from eventgate.spool.sqlite.spool import SqliteSpool
from eventgate.testing import make_event
from tests.spool.sinks import FAILED, soon

async def main():
    spool = SqliteSpool(Path(sys.argv[1]), 1000)
    spool.open()
    async def defer(name):
        event = make_event(body=b'"' + b"x" * 20000 + b'"', event_id=name)
        (untaken,) = await spool.defer([Deferral(event, {"a": FAILED})], soon())
        print(name, untaken["a"].certain if untaken else "taken", untaken["a"].reason if untaken else "")
        return not untaken
    await defer("before")
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (150000, hard))
    number = 0
    while await defer(f"under-{number}"):
        number += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await defer("after")
    await spool.close()

asyncio.run(main())
"""
LEASE_HOLDER = """
import asyncio, sys, time
from pathlib import Path
from eventgate.spool.sqlite import work
from eventgate.spool.sqlite.spool import SqliteSpool
from tests.spool.sinks import soon

async def main():
    spool = SqliteSpool(Path(sys.argv[1]), 1000)
    spool.open()
    def claim(connection):
        connection.execute("UPDATE sinks SET failures = 0")
        return work.claim(connection, "a", "other", time.time() + 10, time.time() + 3600)
    print(len(await spool.transact(claim, soon())), flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[SqliteSpool]:
    spool = SqliteSpool(tmp_path / "spool.db", 1000)
    spool.open()
    yield spool
    await spool.close()


def deferral(id: str, body: bytes | None = None, key: str | None = None, *writers: str) -> Deferral:
    return Deferral(make_event(event_id=id, body=body, key=key), dict.fromkeys(writers or ("a",), FAILED))


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT event_id FROM events ORDER BY seq")]


async def why_not(spool: SqliteSpool, each: Deferral, seconds: float = 5.0) -> str | None:
    (untaken,) = await spool.defer([each], soon(seconds))
    return untaken["a"].reason if untaken else None


async def test_many_deferrals_at_once_share_their_transactions(spool: SqliteSpool, tmp_path: Path) -> None:
    told = await asyncio.gather(*(why_not(spool, deferral(f"{number:03}")) for number in range(200)))
    assert told == [None] * 200
    assert rows(tmp_path / "spool.db") == [f"{number:03}" for number in range(200)]


@settings(max_examples=25, deadline=None)
@given(
    posts=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([b"1", b"2"]), st.sets(st.sampled_from("ab"))), max_size=20
    )
)
async def test_what_waits_is_what_was_deferred_each_once(
    tmp_path_factory: pytest.TempPathFactory, posts: list[tuple[int, bytes, set[str]]]
) -> None:
    """The same bytes under the same id for the same writer are one write, however often they come."""
    spool = SqliteSpool(tmp_path_factory.mktemp("spool") / "spool.db", 1000)
    spool.open()
    wanted = set()
    for number, body, writers in posts:
        if writers:
            event = make_event(event_id=str(number), body=body)
            assert await spool.defer([Deferral(event, dict.fromkeys(writers, FAILED))], soon()) == [{}]
            wanted |= {(str(number), body, writer) for writer in writers}
    query = "SELECT event_id, body, writer FROM events JOIN writes USING (seq)"
    found = await spool.transact(lambda connection: connection.execute(query).fetchall(), soon())
    assert len(found) == len(wanted)
    assert set(found) == wanted
    await spool.close()


def test_a_full_disk_is_no_false_promise_and_is_got_over(tmp_path: Path) -> None:
    """The operating system refuses to let a file grow."""
    path = tmp_path / "spool.db"
    command = [sys.executable, "-c", UNDER_A_FILE_SIZE_LIMIT, str(path)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    said = [line.split(" ", 2) for line in lines]
    refused = [each for each in said if each[1] != "taken"]
    assert [each[1:] for each in refused] == [["True", "the disk cannot be read or written (SQLITE_IOERR_WRITE)"]]
    assert said[-1][:2] == ["after", "taken"]
    assert rows(path) == [name for name, what, _ in said if what == "taken"]


async def test_sqlite_s_own_full_refuses_what_does_not_fit_any_more(spool: SqliteSpool, tmp_path: Path) -> None:
    assert await why_not(spool, deferral("1")) is None
    connection = spool._database._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1").fetchone()
    assert await why_not(spool, deferral("2", BODY)) == "the disk is full (SQLITE_FULL)"
    assert await why_not(spool, deferral("3", BODY)) is None
    assert rows(tmp_path / "spool.db") == ["1", "3"]


async def test_a_locked_file_is_waited_for_until_the_deadline(spool: SqliteSpool, tmp_path: Path) -> None:
    """What is then still on its way may land, so nobody says that it did not."""
    assert await why_not(spool, deferral("1")) is None
    with closing(sqlite3.connect(tmp_path / "spool.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        (untaken,) = await spool.defer([deferral("2")], soon(0.3))
        assert 0.2 < time.monotonic() - started < 10
        assert not untaken["a"].certain
        with pytest.raises(SinkUnavailable):
            await spool.status(soon(0.2))
        other.execute("ROLLBACK")
    assert await why_not(spool, deferral("3")) is None


async def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (a)")
    spool = SqliteSpool(path, 10)
    spool.open()
    assert await why_not(spool, deferral("1")) == "the file is another program's database"
    await spool.close()


async def test_a_closed_spool_takes_nothing(tmp_path: Path) -> None:
    spool = SqliteSpool(tmp_path / "spool.db", 10)
    assert await why_not(spool, deferral("1")) == "the spool is closed"


async def test_refused_events_have_a_bound_of_their_own(tmp_path: Path) -> None:
    """Whoever sends nonsense cannot keep others' events from being deferred."""
    spool = SqliteSpool(tmp_path / "spool.db", 2)
    spool.open()
    kept = [await spool.keep_invalid([Invalid(make_event(), "no")], soon()) for _ in range(3)]
    assert kept == [None, None, "as many refused events are kept as may be"]
    assert [await why_not(spool, deferral(str(number))) for number in range(3)] == [None, None, "the spool is full"]
    await spool.close()


async def test_a_look_at_the_files_tells_when_nothing_waits(spool: SqliteSpool, tmp_path: Path) -> None:
    """And an event that another process put there is seen at once."""
    await spool.status(soon())
    await asyncio.sleep(0.1)  # files that changed a moment ago may change again without looking different
    assert await spool.waiting("orders", {"k"}, soon()) == {}
    assert spool.is_vacant()
    other = SqliteSpool(tmp_path / "spool.db", 1000)
    other.open()
    assert await why_not(other, deferral("1", None, "k")) is None
    assert not spool.is_vacant()
    assert await spool.waiting("orders", {"k", "l"}, soon()) == {"k": {"a"}}
    await other.close()


async def test_what_another_process_has_taken_up_is_left_to_it(spool: SqliteSpool, tmp_path: Path) -> None:
    """Until its lease ran out, though it died."""
    for number in range(5):
        assert await why_not(spool, deferral(str(number))) is None
    command = [sys.executable, "-c", LEASE_HOLDER, str(tmp_path / "spool.db")]
    holder = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"5\n"
    mine = await spool.transact(lambda c: work.claim(c, "a", "me", time.time() + 60, time.time() + 90), soon())
    assert mine == []
    holder.kill()
    await holder.communicate()
    later = time.time() + 7200
    mine = await spool.transact(lambda c: work.claim(c, "a", "me", later, later + 10), soon())
    assert [write.event.event_id for write in mine] == ["0", "1", "2", "3", "4"]
