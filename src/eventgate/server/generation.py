"""How one worker tells all the others to rebuild their gates."""

from __future__ import annotations

import mmap
import time


class Generation:
    """A number in memory that is shared with every process forked later.

    `advance` sets it to the time in nanoseconds on the clock that all processes of the machine share, instead of adding
    one: two workers that advance at once cannot then undo each other, and neither needs a lock.
    """

    def __init__(self) -> None:
        self._number = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    def __call__(self) -> int:
        """The number now; it has changed since if any worker advanced it since."""
        return self._number[0]

    def advance(self) -> None:
        """Change the number, to a larger one, for every process."""
        self._number[0] = time.monotonic_ns()
