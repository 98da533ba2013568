"""`eventgate events`: what the SQLite writer keeps, as NDJSON."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventgate.core.model import Event
from eventgate.errors import Unreachable
from eventgate.testing import make_event
from eventgate.writers.sqlite.reader import read_events
from tests.cli.commands import PROGRAM, environment, eventgate
from tests.writers.support import deliver, sqlite_writer


def store(folder: Path, *events: Event) -> None:
    """Have a writer deliver `events` to `folder`/events.db."""

    async def write() -> None:
        writer = sqlite_writer(folder)
        await writer.open()
        await deliver(writer, *events)
        await writer.close()

    folder.mkdir(exist_ok=True)
    asyncio.run(write())


@contextmanager
def following(*arguments: str | Path, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`eventgate events --follow`, ended on leaving whatever happens."""
    command = [PROGRAM, "events", "--follow", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_event(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["event_id"])


def test_each_line_is_one_event_as_it_was_posted(tmp_path: Path) -> None:
    event = make_event(body=b'{"n":  1.10, "big": 123456789012345678901234567890}', event_id="a", subject="Eva")
    store(tmp_path, event)
    ended = eventgate("events", "--db", tmp_path / "events.db")
    assert (ended.code, ended.err) == (0, "")
    line = json.loads(ended.out)
    assert list(line) == ["topic", "event_id", "subject", "received_at", "body_sha256", "event"]
    assert (line["topic"], line["event_id"], line["subject"]) == ("orders", "a", "Eva")
    assert line["body_sha256"] == event.sha256
    assert event.body.decode() in ended.out


def test_one_topic_alone_in_any_case(tmp_path: Path) -> None:
    store(tmp_path, make_event(topic="a", event_id="1"), make_event(topic="b", event_id="2"))
    ended = eventgate("events", "--db", tmp_path / "events.db", "--topic", "B")
    assert [json.loads(line)["event_id"] for line in ended.out.splitlines()] == ["2"]


def test_the_development_directory_comes_first_then_conf_dir_then_conf(tmp_path: Path) -> None:
    for folder in ("conf", "elsewhere", ".eventgate-dev"):
        store(tmp_path / folder, make_event(event_id=folder))
    env = {"CONF_DIR": "elsewhere"}
    found = []
    for use in (env, {}):
        found.append(json.loads(eventgate("events", cwd=tmp_path, env=use).out)["event_id"])
    (tmp_path / ".eventgate-dev").rename(tmp_path / "moved")
    for use in (env, {}):
        found.append(json.loads(eventgate("events", cwd=tmp_path, env=use).out)["event_id"])
    assert found == [".eventgate-dev", ".eventgate-dev", "elsewhere", "conf"]


def test_a_file_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    ended = eventgate("events", cwd=tmp_path)
    assert ended.code == 3
    assert ended.error() == "cannot read events from conf/events.db: there is no such file"


def test_a_file_of_something_else_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("no database at all, by any means")
    ended = eventgate("events", "--db", tmp_path / "f")
    assert ended.code == 3
    assert "cannot read events" in ended.error()


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Root may write anywhere, so it becomes nobody for a while; others lose the right to write to `folder`."""
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    if root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(mode)


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_database_where_nothing_may_be_written_is_read_once_it_was_closed(shelf: Path) -> None:
    """As on a medium that is mounted for reading: SQLite would make files beside it."""
    store(shelf, make_event(event_id="1"), make_event(event_id="2"))
    (shelf / "events.db").chmod(0o444)
    with unprivileged(shelf):
        assert [each.event_id for each in read_events(shelf / "events.db")] == ["1", "2"]


def test_a_database_with_a_log_that_cannot_be_read_is_not_taken_without_it(shelf: Path) -> None:
    """Its newest events would be missing."""
    store(shelf, make_event(event_id="1"))
    (shelf / "events.db-wal").write_bytes(b"")
    (shelf / "events.db-wal").chmod(0)
    with unprivileged(shelf), pytest.raises(Unreachable):
        list(read_events(shelf / "events.db"))


def test_follow_waits_for_the_file_and_for_each_event(tmp_path: Path) -> None:
    with following("--db", "later/events.db", cwd=tmp_path) as process:
        store(tmp_path / "later", make_event(event_id="1"))
        assert next_event(process) == "1"
        store(tmp_path / "later", make_event(event_id="2"), make_event(event_id="3"))
        assert [next_event(process), next_event(process)] == ["2", "3"]


def test_follow_goes_on_with_a_file_that_takes_the_place_of_the_old(tmp_path: Path) -> None:
    store(tmp_path, make_event(event_id="1"))
    with following("--db", "events.db", cwd=tmp_path) as process:
        assert next_event(process) == "1"
        store(tmp_path / "new", make_event(event_id="2"))
        os.replace(tmp_path / "new" / "events.db", tmp_path / "events.db")
        assert next_event(process) == "2"


def test_follow_ends_with_ctrl_c_and_exit_code_0(tmp_path: Path) -> None:
    store(tmp_path, make_event(event_id="1"))
    with following("--db", "events.db", cwd=tmp_path) as process:
        assert next_event(process) == "1"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"", b"")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    store(tmp_path, *(make_event(event_id=str(n)) for n in range(2000)))
    shell = f"'{PROGRAM}' events --db events.db | head -1 > one; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, check=True, env=environment())
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def test_follow_ends_quietly_when_its_reader_goes_away(tmp_path: Path) -> None:
    store(tmp_path, make_event(event_id="1"))
    with following("--db", "events.db", cwd=tmp_path) as process:
        assert next_event(process) == "1"
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        store(tmp_path, make_event(event_id="2"))
        assert process.wait(30) == 0
        assert process.stderr.read() == b""
