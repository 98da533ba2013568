"""Events that were not accepted, for people and for the file of `--failed`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from eventgate.cli.entries import Entry
from eventgate.cli.sending.journal import State
from eventgate.cli.terminal import usage, warn
from eventgate.client import Problem

_SHOWN = 10
"""Events that are described on the terminal when there is no `--failed`."""


class Failure(msgspec.Struct, frozen=True):
    """An event that was not accepted. `status` is None where no answer came."""

    entry: Entry
    status: int | None
    errors: tuple[Problem, ...]
    retryable: bool

    def as_line(self) -> bytes:
        """A line of NDJSON: `line`, `event` (as it was; a string if it is no JSON), `status`, `errors`, `retryable`."""
        line = {"line": self.entry.line, "event": _as_it_is(self.entry.body), "status": self.status}
        return msgspec.json.encode({**line, "errors": self.errors, "retryable": self.retryable}) + b"\n"

    def describe(self) -> str:
        """One line for people, with every reason."""
        reasons = "; ".join(_describe(error) for error in self.errors)
        return f"line {self.entry.line}: {self.status or 'no answer'}: {reasons}"


class Failures:
    """Takes failures to the file `path`, or to the terminal if there is none."""

    def __init__(self, path: Path | None, file: BinaryIO | None) -> None:
        self.path = path
        self._file = file
        self._noted = 0

    def note(self, failures: list[Failure]) -> int:
        """Write down what was not accepted; returns the file's size, on the disk by then."""
        for failure in failures:
            self._noted += 1
            if self._file is not None:
                self._file.write(failure.as_line())
            elif self._noted <= _SHOWN:
                warn(failure.describe())
        if self._file is None:
            return 0
        self._file.flush()
        if failures:
            os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Say how many were not shown."""
        if self._file is not None:
            self._file.close()
        elif self._noted > _SHOWN:
            more = self._noted - _SHOWN
            noun = "more event" if more == 1 else "more events"
            warn(f"and {more:,} {noun} not accepted; --failed F writes them all, with their reasons")


def open_failures(path: Path | None, source: BinaryIO, state: State | None) -> Failures:
    """The file at `path`, empty but for what an earlier run (`state`) wrote there of settled events."""
    if path is None:
        return Failures(None, None)
    try:
        if path.exists() and os.path.samestat(path.stat(), os.fstat(source.fileno())):
            raise usage(f"--failed {path} is the file that is sent; name another")
        name = str(path.absolute())
        kept = state.failed_bytes if state is not None and state.failed_file == name and path.exists() else 0
        file = path.open("r+b" if kept else "wb")
        file.seek(file.truncate(min(kept, os.fstat(file.fileno()).st_size)))
    except OSError as error:
        raise usage(f"cannot write {path}: {error.strerror}") from error
    if state is not None:
        state.failed_file, state.failed_bytes = name, file.tell()
    return Failures(path, file)


def mended(body: bytes) -> bytes:
    """The event in a line that `--failed` wrote; `body` itself where it is no such line."""
    try:
        return bytes(msgspec.json.decode(body, type=_Line).event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body


class _Line(msgspec.Struct):
    event: msgspec.Raw
    status: int | None
    errors: list[msgspec.Raw]


def _describe(error: Problem) -> str:
    where = "" if error.pointer is None else f"{error.pointer or '(the event)'}: "
    return f"{where}{error.message}"


def _as_it_is(body: bytes) -> msgspec.Raw | str:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    # A raw line break cannot stand inside a JSON string, so nothing of the event changes.
    return msgspec.Raw(body.replace(b"\r", b" ").replace(b"\n", b" "))
