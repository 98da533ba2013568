"""The dead letters of a SQLite spool."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

from eventgate.spool.entries import DeadLetter, DeathReason, Wanted
from eventgate.spool.sqlite import letters as rows
from eventgate.spool.sqlite.spool import SqliteSpool

T = TypeVar("T")

ROWS: Final = 100
"""Dead letters read, or taken, at once."""
LEASE_SECONDS: Final = 120.0
"""How long what a command took is its own; one that died gives it back so."""
STORE_SECONDS: Final = 10.0


class SqliteLetterbox:
    """The dead letters of `spool`."""

    def __init__(self, spool: SqliteSpool) -> None:
        self._spool = spool
        self._taken: dict[str, DeadLetter] = {}

    async def find(self, wanted: Wanted, *, take: bool) -> AsyncIterator[list[DeadLetter]]:
        """As the protocol says."""
        after = (-1, "")
        pending: list[DeadLetter] = []
        while found := await self._page(wanted, after, take=take):
            after = rows.place(found[-1].id)
            groups = _by_event([*pending, *(each for each in found if _is_wanted(each, wanted))])
            pending = groups.pop() if groups else []
            for group in groups:
                yield group
        if pending:
            yield pending

    async def _page(self, wanted: Wanted, after: tuple[int, str], *, take: bool) -> list[DeadLetter]:
        def read(connection: sqlite3.Connection) -> list[DeadLetter]:
            now = time.time()
            found = rows.find(connection, wanted, after, ROWS, now)
            if take:
                rows.lease(connection, [each for each in found if _is_wanted(each, wanted)], now + LEASE_SECONDS, now)
            return found

        found = await self._ask(read)
        if take:
            self._taken |= {each.id: each for each in found if _is_wanted(each, wanted)}
        return found

    async def remove(self, letters: Sequence[DeadLetter]) -> int:
        """As the protocol says."""
        self._settled(letters)
        return await self._ask(lambda connection: sum(rows.remove(connection, each) for each in letters))

    async def keep(self, letter: DeadLetter, reason: str | None, *, tried: bool) -> None:
        """As the protocol says."""
        self._settled([letter])
        await self._ask(lambda connection: rows.keep(connection, letter, reason, tried=tried))

    async def narrow(self, letter: DeadLetter, missing: Sequence[tuple[str, DeathReason, str | None]]) -> None:
        """As the protocol says."""
        self._settled([letter])
        await self._ask(lambda connection: rows.narrow(connection, letter, missing))

    async def close(self) -> None:
        """As the protocol says."""
        left = list(self._taken.values())
        if left:
            await self._ask(lambda connection: rows.release(connection, left))
        self._taken.clear()

    def _settled(self, letters: Sequence[DeadLetter]) -> None:
        for each in letters:
            self._taken.pop(each.id, None)

    async def _ask(self, call: Callable[[sqlite3.Connection], T]) -> T:
        return await self._spool.transact(call, asyncio.get_running_loop().time() + STORE_SECONDS)


def _by_event(letters: Sequence[DeadLetter]) -> list[list[DeadLetter]]:
    grouped = itertools.groupby(letters, key=lambda each: rows.place(each.id)[0])
    return [list(group) for _, group in grouped]


def _is_wanted(letter: DeadLetter, wanted: Wanted) -> bool:
    """Whether it is one of those named: by its own name, or by its event's number."""
    return not wanted.ids or letter.id in wanted.ids or letter.id.partition("-")[0] in wanted.ids
