"""Lines on their way into a file descriptor, which never hold up who writes them.

A pipe takes 64 KiB and then makes its writer wait until somebody reads: a log that nobody reads would stop the gate.
Such a line goes to a thread, which may wait, through a bounded queue. As long as the descriptor takes what it is
given there is no thread, and a line costs a question to the system besides; none for a file, which always takes it.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

MOST_BYTES: Final = 1024 * 1024
"""What may wait for somebody to read it; what comes then is dropped and counted."""
FAREWELL_SECONDS: Final = 1.0
"""How long `flush` waits for somebody to read."""


class Outlet:
    """Writes to the descriptor `fd`. `dropped(n)` is asked for a line that says that `n` lines are missing here.

    What is given to `write` are one or more whole lines. Raises `OSError` if there is no such descriptor.
    """

    def __init__(self, fd: int, dropped: Callable[[int], bytes]) -> None:
        self._fd = fd
        self._dropped = dropped
        self._is_file = stat.S_ISREG(os.fstat(fd).st_mode)
        self._most = sys.maxsize if self._is_file else select.PIPE_BUF
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        self._has_room = poll.poll
        self._clear()

    def _clear(self) -> None:
        self._process = os.getpid()
        self._busy = False
        self._waiting: deque[bytes] = deque()
        self._size = self._missing = 0
        self._lock = threading.Lock()
        self._idle = threading.Event()

    def write(self, line: bytes) -> None:
        """Write `line`, or leave it to the thread; raises `OSError` where nobody can ever read it."""
        if self._busy:
            if self._process != os.getpid():  # forked: the thread stayed behind, and its lines with it
                self._clear()
            elif self._left_to_thread(line):
                return
        rest = self._written(line)
        if rest:
            self._begin(rest)

    def flush(self) -> bool:
        """Wait a moment for somebody to read; whether all has been written."""
        return not self._busy or self._process != os.getpid() or self._idle.wait(FAREWELL_SECONDS)

    def _written(self, line: bytes) -> bytes:
        """Write as much of `line` as is taken at once, and return the rest."""
        try:
            while line and (self._is_file or self._has_room(0)):  # for as much as `PIPE_BUF`, if for anything
                line = line[os.write(self._fd, line[: self._most]) :]
        except BlockingIOError:  # another process has seen the same room
            pass
        return line

    def _left_to_thread(self, line: bytes) -> bool:
        with self._lock:
            if not self._busy:
                return False
            if self._size + len(line) > MOST_BYTES:
                self._missing += line.count(b"\n")
            else:
                self._waiting.append(line)
                self._size += len(line)
            return True

    def _begin(self, rest: bytes) -> None:
        self._waiting.append(rest)
        self._size += len(rest)
        self._idle.clear()
        self._busy = True
        threading.Thread(target=self._drain, name="eventgate-log", daemon=True).start()

    def _drain(self) -> None:
        while (line := self._next()) is not None:
            try:
                while line:
                    line = line[self._wait_and_write(line) :]
            except OSError:  # nobody will ever read it
                line = b""

    def _next(self) -> bytes | None:
        with self._lock:
            if self._missing and not self._waiting:
                missing, self._missing = self._missing, 0
                return self._dropped(missing)
            if not self._waiting:
                self._busy = False
                self._idle.set()
                return None
            line = self._waiting.popleft()
            self._size -= len(line)
            return line

    def _wait_and_write(self, line: bytes) -> int:
        try:
            return os.write(self._fd, line)
        except BlockingIOError:  # a descriptor that others have made non-blocking
            time.sleep(0.01)
            return 0
