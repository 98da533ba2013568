"""Appending to a file so that it is known how far it came."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_LOCK_POLL_SECONDS = 0.005


class AppendFailed(Exception):
    """Nothing was added, certainly, unless `certain` is false. The message names no path."""

    def __init__(self, reason: str, *, certain: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.certain = certain


def append(path: Path, lines: bytes, until: float) -> int:
    """Add whole `lines` to the file, made if absent; returns the offset of the first byte once all is on the disk.

    Several processes may append to one file. Raises `AppendFailed`, also where the lock is not ours by `until`
    (`time.monotonic()`).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise AppendFailed("the file cannot be opened") from error
    try:
        _lock(descriptor, until)
        offset = _write(descriptor, lines)
        _sync(descriptor, path.parent)
        return offset
    finally:
        os.close(descriptor)  # and with it the lock


def _lock(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if time.monotonic() >= until:
                raise AppendFailed("the file is locked") from error
            time.sleep(_LOCK_POLL_SECONDS)


def _write(descriptor: int, lines: bytes) -> int:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        lines = b"\n" + lines  # a killed process left half a line: it stays a line of its own
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        _cut(descriptor, size)
        raise AppendFailed("the file cannot be written to; is the disk full?") from error
    return size + lines.startswith(b"\n")


def _cut(descriptor: int, size: int) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError as error:
        raise AppendFailed("the file can be neither written to nor cut", certain=False) from error


def _sync(descriptor: int, folder: Path) -> None:
    try:
        os.fsync(descriptor)
        directory = os.open(folder, os.O_RDONLY)  # a new file's name has to last as well
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise AppendFailed("the disk did not confirm the write", certain=False) from error
