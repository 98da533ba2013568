"""How far sending a file has come, kept beside the file, so that another run can go on where this one ended."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import msgspec

from eventgate.cli.sending.batches import Batch
from eventgate.cli.terminal import CommandError, ExitCode, usage, warn
from eventgate.core.ids import uuid7

_CHUNK = 1024 * 1024
_LARGEST = 16 * 1024 * 1024
_SAVE_SECONDS = 0.1


class Range(msgspec.Struct):
    """A batch that is not settled: where it lies, how many events it has, and the receipt of its last answer."""

    begin: int
    end: int
    line: int
    events: int
    receipt: str | None = None


class State(msgspec.Struct):
    """All that another run needs to know.

    Events before `offset` (`line` is the number of the line there) were taken up: each is settled, or in `open`.
    `size` and `sha256` (of what is before `offset`) tell the file. The counts are of settled events; of the file of
    refused events the first `failed_bytes` are theirs.
    """

    run: str
    topic: str
    size: int
    offset: int = 0
    line: int = 1
    sha256: str = hashlib.sha256().hexdigest()
    open: list[Range] = []
    accepted: int = 0
    duplicates: int = 0
    failed: int = 0
    failed_file: str | None = None
    failed_bytes: int = 0
    finished: bool = False
    eventgate_send: int = 1


class Journal:
    """Keeps a `State` in a file that is replaced as a whole, so that it is never half written.

    Saved before anything of a batch is sent, durably; what became of batches may be behind by a tenth of a second,
    which costs another run a post that changes nothing where event ids are remembered.
    """

    def __init__(self, path: Path, source: BinaryIO, state: State, lock: int | None) -> None:
        self._path = path
        self._source = source
        self._lock = lock
        self._digest = hashlib.sha256()
        self._digested = 0
        self._saved = 0.0
        self.is_behind = False
        self.state = state

    def take_up(self, batches: list[Batch]) -> None:
        """Note that `batches` are about to be sent; back only when it is on the disk."""
        for batch in batches:
            self.state.open.append(Range(batch.begin, batch.end, batch.line, len(batch.entries)))
            self.state.offset = max(self.state.offset, batch.end)
            self.state.line = max(self.state.line, batch.entries[-1].next_line)
        self.save(durably=True)

    def part(self, batch: Batch, parts: list[Batch]) -> None:
        """Note that `batch` is sent in `parts` from now on."""
        self._forget(batch)
        self.take_up(parts)

    def settle(self, batch: Batch) -> None:
        """Note that nothing more is to be done for `batch`."""
        self._forget(batch)
        self._touch()

    def keep(self, batch: Batch, receipt: str | None) -> None:
        """Note the receipt of a batch that is not settled."""
        for range_ in self.state.open:
            if range_.begin == batch.begin and receipt is not None:
                range_.receipt = receipt
        self._touch()

    def save(self, *, durably: bool) -> None:
        """Write the state out; `durably`: also for when the machine loses its power."""
        self.state.sha256 = self._prefix(self.state.offset)
        try:
            lock = self._replace(durably)
        except OSError as error:
            raise CommandError(f"cannot write {self._path}: {error.strerror}", ExitCode.FINDINGS) from error
        self.close()
        self._lock, self._saved, self.is_behind = lock, time.monotonic(), False

    def close(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def verify(self) -> None:
        """Raises `CommandError` unless the file begins as it did when the state was saved."""
        if os.fstat(self._source.fileno()).st_size < self.state.size:
            raise usage("it is not the file of which sending was interrupted: it has become shorter")
        if self._prefix(self.state.offset) != self.state.sha256:
            raise usage(
                f"it is not the file of which sending was interrupted: it differs before line {self.state.line}"
            )

    def _replace(self, durably: bool) -> int:
        """A descriptor of the new file, which is locked before it takes the place of the old one."""
        aside = self._path.with_name(f"{self._path.name}.new")
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with open(fd, "wb", closefd=False) as file:
                file.write(msgspec.json.encode(self.state) + b"\n")
            if durably:
                os.fsync(fd)
            os.replace(aside, self._path)
            if durably:
                _sync_folder(self._path.parent)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _forget(self, batch: Batch) -> None:
        self.state.open = [each for each in self.state.open if (each.begin, each.end) != (batch.begin, batch.end)]

    def _touch(self) -> None:
        self.is_behind = True
        if time.monotonic() - self._saved >= _SAVE_SECONDS:
            self.save(durably=False)

    def _prefix(self, end: int) -> str:
        while self._digested < end:
            content = os.pread(self._source.fileno(), min(_CHUNK, end - self._digested), self._digested)
            if not content:
                break
            self._digest.update(content)
            self._digested += len(content)
        return self._digest.hexdigest()


def journal_path(file: str, topic: str) -> Path:
    """Where the journal of sending `file` to `topic` is, unless the caller says otherwise."""
    path = Path(file)
    return path.with_name(f"{path.name}.{quote(topic, safe='')}.journal")


def open_journal(path: Path, source: BinaryIO, topic: str, *, resume: bool) -> Journal:
    """The journal at `path`: that of an earlier run if it is to be resumed and there is one, else a new one.

    Raises `CommandError` where it is no journal, belongs to another topic or file, or is in use, `OSError` where it
    cannot be read or made.
    """
    lock = _lock(path)
    fresh = State(uuid7(), topic, os.fstat(source.fileno()).st_size)
    found = _read(path, lock)
    if found is None or not resume:
        if found is not None and found.offset and not found.finished:
            warn(f"starting over: an earlier run came to line {found.line} (--resume would go on there)")
        return Journal(path, source, fresh, lock)
    journal = Journal(path, source, found, lock)
    if found.topic != topic:
        raise usage(f"{path} is about another topic")
    journal.verify()
    found.size = max(found.size, fresh.size)
    return journal


def _read(path: Path, lock: int) -> State | None:
    content = os.pread(lock, _LARGEST, 0)
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=State)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise usage(f"{path} is no journal of `eventgate send`") from None


def _lock(path: Path) -> int:
    """An open descriptor of the file at `path`, made if absent, that no other process holds."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        except BlockingIOError:
            os.close(fd)
            raise CommandError(f"another `eventgate send` is at work with {path}", ExitCode.USAGE) from None
        except FileNotFoundError:
            pass
        os.close(fd)  # replaced between opening and locking it


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
