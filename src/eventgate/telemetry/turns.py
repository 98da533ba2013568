"""Lines of one turn of an event loop, in few writes."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress

MOST_BYTES = select.PIPE_BUF
"""Of lines in one write: so much goes into a pipe in one piece, however many processes write to it (POSIX, `write`)."""


class Turns:
    """Hands lines to `write`: the first of a turn at once, the others together as soon as the turn is over.

    So the line of a request that comes alone is out before its answer, and of many that come at once ten share a write,
    which costs more than to make a line. `soon` has a function called when the turn is over. Belongs to one thread; it
    holds `MOST_BYTES` at most, and does not wait for the next line to write what it holds.
    """

    def __init__(self, write: Callable[[bytes], None], soon: Callable[[Callable[[], None]], object]) -> None:
        self._write = write
        self._soon = soon
        self._process = os.getpid()
        self._under_way = False
        self._lines: list[bytes] = []
        self._size = 0

    def take(self, line: bytes) -> None:
        """Write `line`, now or when the turn is over; raises what `write` raises for it or for those before it."""
        if not self._under_way:
            self._soon(self._over)
            self._under_way = True
            self._write(line)
            return
        if self._size + len(line) > MOST_BYTES:
            self.flush()
        self._lines.append(line)
        self._size += len(line)

    def flush(self) -> None:
        """Write what is held back; raises what `write` raises."""
        lines, self._lines, self._size = self._lines, [], 0
        if lines and self._process == os.getpid():  # a forked process would repeat the lines of the one it came from
            self._write(b"".join(lines))

    def _over(self) -> None:
        self._under_way = False
        with suppress(Exception):  # of the stream: it is not the event loop that wants to know
            self.flush()
