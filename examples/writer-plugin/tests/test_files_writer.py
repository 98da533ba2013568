"""The files writer keeps EventGate's writer contract, and what it says of itself."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from eventgate_writer_files import SPEC, FilesSettings, FilesTopicSettings
from eventgate_writer_files.writer import Line

from eventgate.core.model import Event, Outcome
from eventgate.core.writer import Writer, WriterContext
from eventgate.testing import KeepingWriterContract, make_event
from eventgate.testing.contract import opened, write, write_one


def build(folder: Path) -> Writer:
    """A writer to `archive` in `folder`."""
    return SPEC.build(FilesSettings(), WriterContext(name="files", directory=folder))


def lines(folder: Path) -> list[Line]:
    """Every line of every file."""
    texts = [text for file in folder.glob("archive/*.ndjson") for text in file.read_bytes().splitlines()]
    return [msgspec.json.decode(text, type=Line) for text in texts]


class TestFiles(KeepingWriterContract):
    """The contract that EventGate ships."""

    def writer(self, folder: Path) -> Writer:
        """With default settings."""
        return build(folder)

    def elsewhere(self, folder: Path) -> Sequence[tuple[Writer, Event]]:
        """Another folder, and another file."""
        named = make_event(options={"files": FilesTopicSettings(file="other.ndjson")})
        return [*super().elsewhere(folder), (build(folder), named)]

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """Whatever is in the folder."""
        return [(line.topic, line.event_id, bytes(line.event)) for line in lines(folder)]

    async def break_sink(self, folder: Path) -> None:
        """A file stands where the folder should be."""
        shutil.rmtree(folder / "archive", ignore_errors=True)
        (folder / "archive").touch()

    async def mend_sink(self, folder: Path) -> None:
        """It is gone."""
        (folder / "archive").unlink()


async def test_a_topic_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    """Which also helps a topic whose name cannot be a file's."""
    plain = make_event(topic="../secret")
    named = make_event(topic="../secret", options={"files": FilesTopicSettings(file="other.ndjson")})
    async with opened(build(tmp_path)) as writer:
        assert writer.refuse(plain) is not None
        assert writer.refuse(named) is None
        first, second = await write(writer, named, named)
    assert first.position == {"file": "other.ndjson", "offset": 0}
    length = len((tmp_path / "archive" / "other.ndjson").read_bytes())
    assert second.position == {"file": "other.ndjson", "offset": length // 2}


async def test_half_a_line_of_a_killed_process_spoils_no_other(tmp_path: Path) -> None:
    """It stays a line of its own."""
    file = tmp_path / "archive" / "orders.ndjson"
    file.parent.mkdir()
    file.write_bytes(b'{"topic": "ord')
    async with opened(build(tmp_path)) as writer:
        result = await write_one(writer, make_event(topic="orders"))
    assert result.position["offset"] == file.read_bytes().index(b"\n") + 1
    assert msgspec.json.decode(file.read_bytes().splitlines()[1])["topic"] == "orders"


async def test_a_locked_file_is_failed_by_the_deadline(tmp_path: Path) -> None:
    """Another process holds it; nothing was added."""
    file = tmp_path / "archive" / "orders.ndjson"
    file.parent.mkdir()
    with file.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        async with opened(build(tmp_path)) as writer:
            result = await write_one(writer, make_event(topic="orders"), seconds=0.3)
    assert (result.outcome, result.reason) == (Outcome.FAILED, "the file is locked")
    assert file.read_bytes() == b""


async def test_two_writers_append_whole_lines(tmp_path: Path) -> None:
    """As two server processes do."""
    events = [make_event(topic="orders") for _ in range(100)]
    async with opened(build(tmp_path)) as one, opened(build(tmp_path)) as other:
        await asyncio.gather(*(write_one((one, other)[n % 2], event) for n, event in enumerate(events)))
    assert {line.event_id for line in lines(tmp_path)} == {event.event_id for event in events}
