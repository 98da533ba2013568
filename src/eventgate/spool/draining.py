"""What every store's drain can do."""

from __future__ import annotations

from typing import Protocol


class Drain(Protocol):
    """Takes up what waits in a spool and tries it again."""

    async def run(self) -> None:
        """Drain, until cancelled; then let what is under way come to its end."""

    async def once(self) -> int:
        """Try all that may be tried now, as long as anything gets through; how many writes were done.

        Raises `SinkUnavailable` where what waits cannot be read.
        """
