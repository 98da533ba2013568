"""How often the SQLite writer has the disk make things durable, read from the log that SQLite writes ahead."""

from __future__ import annotations

import asyncio
from pathlib import Path

from eventgate.core.lanes import lane_to
from eventgate.testing import make_event
from eventgate.testing.contract import opened
from tests.writers.support import deliver, outcomes, sqlite_writer

EVENTS = 64
HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24


def commits(log: Path) -> int:
    """The transactions in a write-ahead log: the last frame of each has the database's size (SQLite, "WAL format")."""
    data = log.read_bytes()
    page_bytes = int.from_bytes(data[8:12])
    salt = data[16:24]
    found = 0
    for at in range(HEADER_BYTES, len(data) - page_bytes, FRAME_HEADER_BYTES + page_bytes):
        if data[at + 8 : at + 16] != salt:
            break
        found += int.from_bytes(data[at + 4 : at + 8]) > 0
    return found


async def test_events_that_come_together_share_a_commit(tmp_path: Path) -> None:
    """The first may go alone, since it does not wait for others; all others are there when its group is done."""
    async with opened(sqlite_writer(tmp_path)) as writer:
        await deliver(writer, make_event(event_id="opens the file"))
        lane = lane_to(writer)
        log = tmp_path / "events.db-wal"
        before = commits(log)
        deadline = asyncio.get_running_loop().time() + 60
        events = [make_event(event_id=str(number)) for number in range(EVENTS)]
        results = await asyncio.gather(*(lane.write(event, deadline) for event in events))
        assert outcomes(results) == ["delivered"] * EVENTS
        assert 1 <= commits(log) - before <= 2
