"""The two pipes between the parent process and its workers."""

from __future__ import annotations

import os


class Link:
    """One pair of pipes for all workers.

    Workers write a line with their process id into the first once they serve. Nothing is ever written into the second:
    only the parent holds its writing end, so that its end of file tells a worker that the parent is gone, however it
    went.
    """

    def __init__(self) -> None:
        self.reports, self._reporting = os.pipe()
        self.parent_gone, self._held_by_parent = os.pipe()
        os.set_blocking(self.reports, False)

    def keep_worker_ends(self) -> None:
        """In a worker: let go of what is the parent's."""
        os.close(self.reports)
        os.close(self._held_by_parent)

    def report_ready(self) -> None:
        """In a worker: say that it serves."""
        os.write(self._reporting, b"%d\n" % os.getpid())

    def ready_pids(self) -> list[int]:
        """In the parent: the workers that have reported since. A line is written whole, for it is short (POSIX)."""
        try:
            return [int(line) for line in os.read(self.reports, 65536).split()]
        except BlockingIOError:
            return []

    def close(self) -> None:
        """In the parent, at its end."""
        for end in (self.reports, self._reporting, self.parent_gone, self._held_by_parent):
            os.close(end)
