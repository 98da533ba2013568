"""One development gate at a time in a directory: a second one would lead the first one's keys elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventgate.errors import Unreachable

if sys.platform != "win32":
    import fcntl

LOCK_FILE = ".dev/lock"
"""Locked while a development gate serves the directory; the system lets go of it however the process ends."""


@contextmanager
def only_gate(directory: Path) -> Iterator[None]:
    """Keep others out of `directory` until the block is left; raises `Unreachable` where another is in it.

    Where files cannot be locked (Windows, some network file systems) nobody is kept out.
    """
    if sys.platform == "win32":
        yield
        return
    path = directory / LOCK_FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unreachable(f"another `eventgate dev` serves {directory}; --dir names another directory") from None
        except OSError:  # no locks on this file system
            return
