"""The bytes of bodies that a process holds: they have a bound of their own.

A body is in memory before its event is under way and counts as such (`limits.max_in_flight`): thousands of clients
could send most of a megabyte each and wait.
"""

from __future__ import annotations

from typing import Final

from uvicorn.server import ServerState

MOST_BYTES: Final = 128 * 1024 * 1024
"""Of all requests of a process that have not been answered, as they come over the line."""
SMALL_BYTES: Final = 64 * 1024
"""Bodies up to this size may use all of it; larger ones leave them a quarter."""


class Intake:
    """Counts bytes of bodies in `held`: whoever adds some takes them off again.

    Up to `ample` bytes anybody may add some; beyond, `take` is to be asked.
    """

    __slots__ = ("_most", "ample", "held")

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self.ample = most * 3 // 4
        self.held = 0

    def take(self, count: int, before: int) -> bool:
        """Whether there is room for `count` more bytes of a body of which `before` are here; if so they are counted.

        A body that is larger than all the room there is may come while there is no other.
        """
        size = before + count
        most = self._most if size <= SMALL_BYTES else self.ample
        if self.held + count > most and self.held > before:
            return False
        self.held += count
        return True


class State(ServerState):
    """What the connections of a server share."""

    def __init__(self) -> None:
        super().__init__()
        self.intake = Intake()
