"""Where a client's token comes from: a text, or a function that is asked for another when a gate refuses the last."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable

from eventgate.errors import EventGateError

Token = str | Callable[[], str]
"""A token, or what gives one: called when the first is needed and each time that a gate refuses the last one."""
AsyncToken = str | Callable[[], str | Awaitable[str]]
"""As `Token`; the function may be a coroutine function. A plain one is called in a thread: it may take its time."""


class Tokens:
    """The token in force. Safe to use from any thread; the function is called by one thread at a time."""

    def __init__(self, token: Token) -> None:
        self._give = None if isinstance(token, str) else token
        self._current = clean(token) if isinstance(token, str) else None
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token to send; raises what the function raises, and `EventGateError` for what is no token."""
        with self._lock:
            if self._current is None and self._give is not None:
                self._current = clean(self._give())
            return self._current or ""

    def renew(self, refused: str) -> bool:
        """Whether there is another token than the `refused` one now."""
        with self._lock:
            if self._current == refused and self._give is not None:
                self._current = clean(self._give())
            return self._current != refused


class AsyncTokens:
    """As `Tokens`, for the tasks of one event loop."""

    def __init__(self, token: AsyncToken) -> None:
        self._give = None if isinstance(token, str) else token
        self._current = clean(token) if isinstance(token, str) else None
        self._lock = asyncio.Lock()

    async def current(self) -> str:
        """The token to send; raises what the function raises, and `EventGateError` for what is no token."""
        async with self._lock:
            if self._current is None:
                await self._ask()
            return self._current or ""

    async def renew(self, refused: str) -> bool:
        """Whether there is another token than the `refused` one now."""
        async with self._lock:
            if self._current == refused:
                await self._ask()
            return self._current != refused

    async def _ask(self) -> None:
        if self._give is None:
            return
        given = self._give() if inspect.iscoroutinefunction(self._give) else await asyncio.to_thread(self._give)
        self._current = clean(await given if inspect.isawaitable(given) else given)


def clean(token: str) -> str:
    """`token` without white space around it; raises `EventGateError` for what cannot stand in a header."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise EventGateError("this is no token: it is empty, or holds white space or other foreign characters")
    return token
