"""The database as files: which ones they are, and who may create them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eventgate.sqlite.errors import StoreFailure

if sys.platform != "win32":
    import fcntl

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever its name."""

_COMPANIONS = ("-wal", "-shm")
_LOCK_POLL_SECONDS = 0.005


def identity(path: Path | str) -> Identity | None:
    """What file `path` names now; None if none, or if it may not be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_absent(path: Path) -> bool:
    """Whether there certainly is no such file; one that may not be looked at is not absent."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def companions(path: Path) -> frozenset[Identity]:
    """The write-ahead log and its index, which lie beside the database."""
    found = (identity(f"{path}{suffix}") for suffix in _COMPANIONS)
    return frozenset(each for each in found if each is not None)


def remove_companions(path: Path, only: frozenset[Identity] | None = None) -> None:
    """Remove the log and its index; with `only`, where they are those files.

    They belong to one database file. Beside another one they would be taken for its own and spoil it (SQLite, "How To
    Corrupt An SQLite Database File", section 4.3), and another process may still hold them open.
    """
    for suffix in _COMPANIONS:
        name = f"{path}{suffix}"
        if only is None or identity(name) in only:
            with suppress(FileNotFoundError):
                os.unlink(name)


@contextmanager
def one_opener(folder: Path, until: float) -> Iterator[None]:
    """Let one gate process at a time open databases in `folder`, so that only one of them creates the file.

    Raises `StoreFailure` if it is not our turn by `until` (`time.monotonic()`). Where the folder cannot be locked
    (Windows, some network file systems) it is not.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # SQLite will say why, if it matters
        yield
        return
    try:
        _lock(descriptor, until)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, until: float) -> None:
    while sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise StoreFailure("another process was opening the database", passing=True) from None
            time.sleep(_LOCK_POLL_SECONDS)
        except OSError:  # no locks on this file system
            return
