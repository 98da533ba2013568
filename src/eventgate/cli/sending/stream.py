"""Lines out of a pipe, for a reader that has better things to do than to wait for the next one."""

from __future__ import annotations

import os
import select

_CHUNK = 256 * 1024


class Stream:
    """Reads lines from the file descriptor `fd`, which is not closed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = bytearray()
        self._searched = 0
        self._ended = False

    def readline(self, limit: int) -> bytes:
        """The next line with its end, or its first `limit` bytes; nothing at the end. Waits for it."""
        while not self._has_line() and len(self._held) < limit and not self._ended:
            self._fill()
        end = self._searched if self._has_line() else len(self._held)
        line = bytes(self._held[: min(end, limit)])
        del self._held[: len(line)]
        self._searched = 0
        return line

    def is_idle(self, seconds: float) -> bool:
        """Whether there is no whole line yet, and for `seconds` nothing more of it comes."""
        while not self._has_line() and not self._ended:
            if not select.select([self._fd], [], [], seconds)[0]:
                return True
            self._fill()
        return False

    def _has_line(self) -> bool:
        """Whether a line is held, to where `_searched` then points; what was searched is not searched again."""
        if self._searched and self._held[self._searched - 1] == 0x0A:
            return True
        found = self._held.find(b"\n", self._searched)
        self._searched = len(self._held) if found < 0 else found + 1
        return found >= 0

    def _fill(self) -> None:
        content = os.read(self._fd, _CHUNK)
        self._held += content
        self._ended = not content
