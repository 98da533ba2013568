"""The writer: groups of events in, one result for each out, by the deadline."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping
from eventgate.errors import SinkUnavailable
from eventgate_writer_files.append import AppendFailed, append

_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_NO_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")  # valid JSON has them between tokens only
_CLOSED = WriteResult(Outcome.FAILED, reason="the writer is closed")
_LATE = WriteResult(Outcome.UNKNOWN, reason="the disk did not answer before the deadline")


class Line(msgspec.Struct, frozen=True):
    """What a line holds; `event` is the event's own text."""

    topic: str
    event_id: str
    event: msgspec.Raw


class FilesWriter:
    """Appends to files in `folder`, in a thread of its own: the disk may be slow, the event loop must not be."""

    grouping: Grouping | None = Grouping(max_events=256, concurrency=1)

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Start the thread; the folder may be missing or broken until it is needed."""
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix=self.name)

    def refuse(self, event: Event) -> Unacceptable | None:
        """Topics that are no file names, unless the topic's settings give one."""
        if _FILE_NAME.fullmatch(event.topic) or self._file_name(event) != f"{event.topic}.ndjson":
            return None
        return Unacceptable("the topic's name cannot be a file's name; give the topic a `file`")

    def target(self, topic: str, options: Any) -> str:
        """The file that the events of a topic go to: what a receipt says is delivered, was delivered there."""
        return str(self._folder.absolute() / _file_name(topic, options))

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Append the events of each file together, with one sync."""
        if self._thread is None:
            return [_CLOSED] * len(events)
        loop = asyncio.get_running_loop()
        remaining = deadline - loop.time()
        job = loop.run_in_executor(self._thread, self._append, list(events), time.monotonic() + remaining * 0.9)
        try:
            await asyncio.wait({job}, timeout=max(remaining, 0.0))
            return job.result() if job.done() else [_LATE] * len(events)
        finally:
            job.cancel()

    async def probe(self) -> None:
        """Really make a file, and remove it again."""
        try:
            await asyncio.to_thread(self._try_folder)
        except OSError as error:
            raise SinkUnavailable("no file can be made in the folder") from error

    async def close(self) -> None:
        """Wait for what is under way."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    def _append(self, events: list[Event], until: float) -> list[WriteResult]:
        by_file: dict[str, list[int]] = {}
        for index, event in enumerate(events):
            by_file.setdefault(self._file_name(event), []).append(index)
        results: dict[int, WriteResult] = {}
        for name, indexes in by_file.items():
            lines = [_line(events[index]) for index in indexes]
            for index, result in zip(indexes, self._append_lines(name, lines, until), strict=True):
                results[index] = result
        return [results[index] for index in range(len(events))]

    def _append_lines(self, name: str, lines: list[bytes], until: float) -> list[WriteResult]:
        try:
            offset = append(self._folder / name, b"".join(lines), until)
        except AppendFailed as problem:
            outcome = Outcome.FAILED if problem.certain else Outcome.UNKNOWN
            return [WriteResult(outcome, reason=problem.reason)] * len(lines)
        results = []
        for line in lines:
            results.append(WriteResult(Outcome.DELIVERED, {"file": name, "offset": offset}))
            offset += len(line)
        return results

    def _file_name(self, event: Event) -> str:
        return _file_name(event.topic, event.options.get(self.name))

    def _try_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(b"\n")


def _file_name(topic: str, options: object) -> str:
    return getattr(options, "file", None) or f"{topic}.ndjson"


def _line(event: Event) -> bytes:
    line = Line(event.topic, event.event_id, msgspec.Raw(event.body.translate(_NO_LINE_ENDS)))
    return msgspec.json.encode(line) + b"\n"
