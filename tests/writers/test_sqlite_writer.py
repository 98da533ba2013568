"""The SQLite writer's thread, deadlines, and several processes on one file."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from eventgate.core.model import Event, WriteResult
from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.sqlite.store import Store
from eventgate.writers.sqlite.writer import SqliteWriter
from tests.writers.support import deliver, ids, outcomes, sqlite_writer

WRITING_PROCESS = """
import asyncio, sys
from pathlib import Path
from eventgate.core.writer import WriterContext
from eventgate.testing import make_event
from eventgate.writers.sqlite.writer import SPEC
async def main():
    writer = SPEC.build(SPEC.settings(), WriterContext("sqlite", Path(sys.argv[1])))
    print("ready", flush=True)
    sys.stdin.readline()
    await writer.open()
    for number in range(int(sys.argv[3])):
        own, shared = make_event(event_id=f"{sys.argv[2]}-{number}"), make_event({"n": number}, event_id=f"s-{number}")
        events = [own, shared]
        for event, result in zip(events, await writer.write(events, asyncio.get_running_loop().time() + 20)):
            print(event.event_id, result.outcome, result.reason, flush=True)
    await writer.close()
asyncio.run(main())
"""


class StuckStore(Store):
    """A store on a disk that does not answer until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 30)
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def write(self, events: Sequence[Event], until: float) -> list[WriteResult]:
        """Wait as long as it takes."""
        self.reached.set()
        self.let_go.wait(30)
        return super().write(events, until)


async def test_what_runs_at_the_deadline_is_unknown_and_what_waits_is_failed(tmp_path: Path) -> None:
    """The first write is in the thread, the second behind it, and so is the probe."""
    store = StuckStore(tmp_path / "events.db")
    async with opened(SqliteWriter("sqlite", store)) as writer:
        first = asyncio.ensure_future(deliver(writer, make_event(event_id="first"), seconds=0.5))
        await asyncio.to_thread(store.reached.wait, 10)
        second = asyncio.ensure_future(deliver(writer, make_event(event_id="second"), seconds=0.2))
        with pytest.raises(SinkUnavailable, match="no answer within"):
            await writer.probe()
        assert outcomes(await first) == ["unknown"]
        assert outcomes(await second) == ["failed"]
        store.let_go.set()
        assert outcomes(await deliver(writer, make_event(event_id="third"))) == ["delivered"]
    assert ids(tmp_path / "events.db") == ["third"], "what came to its turn after its deadline is not written"


async def test_a_cancelled_write_gives_up_its_turn(tmp_path: Path) -> None:
    """What waited for its turn when its caller left is not written later."""
    store = StuckStore(tmp_path / "events.db")
    async with opened(SqliteWriter("sqlite", store)) as writer:
        first = asyncio.ensure_future(deliver(writer, make_event(event_id="first")))
        await asyncio.to_thread(store.reached.wait, 10)
        second = asyncio.ensure_future(deliver(writer, make_event(event_id="second")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        store.let_go.set()
        assert outcomes(await first) == ["delivered"]
    assert ids(tmp_path / "events.db") == ["first"]


async def test_a_lock_is_a_reason_before_the_callers_time_is_up(tmp_path: Path) -> None:
    """The gate would say `unknown` at the deadline; the writer knows better, and says so in time.

    In one of three attempts at least: a busy machine may take its tenth of a second.
    """
    async with opened(sqlite_writer(tmp_path)) as writer:
        with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            loop = asyncio.get_running_loop()
            for _ in range(3):
                deadline = loop.time() + 1.0
                result = (await writer.write([make_event()], deadline))[0]
                if (in_time := loop.time() < deadline) and result.outcome == "failed":
                    break
            assert in_time
            assert (result.outcome, result.reason) == ("failed", "the database is locked (SQLITE_BUSY)")


async def test_opening_does_not_wait_long_for_a_lock(tmp_path: Path) -> None:
    """A gate starts though its database is locked, and delivers once it is not."""
    with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writer = sqlite_writer(tmp_path)
        async with asyncio.timeout(30):
            await writer.open()
        other.execute("ROLLBACK")
    assert outcomes(await deliver(writer, make_event())) == ["delivered"]
    await writer.close()


def start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that writes `count` groups once it is told to go."""
    command = [sys.executable, "-c", WRITING_PROCESS, str(folder), name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    """Let it write."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_processes_that_create_and_fill_one_file_together_lose_nothing(tmp_path: Path) -> None:
    """Each event is delivered by exactly one of them, and there exactly once."""
    processes = [start(tmp_path, name, 30) for name in "abcd"]
    for process in processes:
        go(process)
    lines = [line.split() for process in processes for line in process.communicate(timeout=60)[0].splitlines()]
    delivered = [line[0] for line in lines if line[1] == "delivered"]
    assert len(lines) == 4 * 30 * 2
    assert {line[1] for line in lines} == {"delivered", "duplicate"}
    assert sorted(delivered) == sorted(ids(tmp_path / "events.db"))
    assert len(set(delivered)) == len(delivered) == 4 * 30 + 30


def test_what_a_killed_process_called_delivered_is_there(tmp_path: Path) -> None:
    """It had no time to close anything."""
    process = start(tmp_path, "a", 100000)
    go(process)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(100)]
    process.send_signal(signal.SIGKILL)
    lines += process.communicate(timeout=60)[0].splitlines()
    delivered = {line.split()[0] for line in lines if line.endswith("\n") and "delivered" in line}
    assert len(delivered) >= 100
    assert delivered <= set(ids(tmp_path / "events.db"))
