"""Dead letters as commands see them, whatever store they lie in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from eventgate.spool.entries import DeadLetter, DeathReason, Wanted


class Letterbox(Protocol):
    """Holds dead letters. Raises `SinkUnavailable` where the store cannot be reached."""

    def find(self, wanted: Wanted, *, take: bool) -> AsyncIterator[list[DeadLetter]]:
        """The dead letters that are wanted, those of one event together. With `take`, other commands leave them alone
        until they are settled, or `close`.
        """

    async def remove(self, letters: Sequence[DeadLetter]) -> int:
        """Forget `letters`; how many of them were there."""

    async def keep(self, letter: DeadLetter, reason: str | None, *, tried: bool) -> None:
        """Leave `letter` where it is, with what is known of it now."""

    async def narrow(self, letter: DeadLetter, missing: Sequence[tuple[str, DeathReason, str | None]]) -> None:
        """Make of `letter`, whose event some writers have got now, one for each writer that is `missing`."""

    async def close(self) -> None:
        """Give back what was taken and not settled."""


class NoLetters:
    """The dead letters of a spool that nothing was ever put into."""

    async def find(self, wanted: Wanted, *, take: bool) -> AsyncIterator[list[DeadLetter]]:
        """None."""
        return
        yield []

    async def remove(self, letters: Sequence[DeadLetter]) -> int:
        """There are none."""
        return 0

    async def keep(self, letter: DeadLetter, reason: str | None, *, tried: bool) -> None:
        """There are none."""

    async def narrow(self, letter: DeadLetter, missing: Sequence[tuple[str, DeathReason, str | None]]) -> None:
        """There are none."""

    async def close(self) -> None:
        """Nothing was taken."""
