"""The one thread that works on a database, and asking it without waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from eventgate.sqlite.errors import StoreFailure

T = TypeVar("T")

CLOSE_SECONDS = 5.0
"""How long `close` waits for what is under way."""


class Late(Exception):
    """The thread gave no result in time; `started` says whether it was at work on it."""

    def __init__(self, started: bool) -> None:
        self.started = started


class DatabaseThread:
    """Runs one call after the other, for one event loop. `owner` names it in errors ("the writer is closed")."""

    def __init__(self, owner: str, name: str) -> None:
        self._owner = owner
        self._name = name
        self._thread: ThreadPoolExecutor | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None

    def open(self) -> None:
        """Make the thread; it starts with the first call."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"eventgate-{self._name}")

    async def ask(self, call: Callable[[], T], seconds: float) -> T:
        """What `call` returns or raises; raises `Late` after `seconds`, and `StoreFailure` once closed."""
        if self._thread is None:
            raise StoreFailure(f"{self._owner} is closed")
        job: Future[T] = self._thread.submit(call)
        answer = asyncio.wrap_future(job)
        try:
            await asyncio.wait({answer}, timeout=max(seconds, 0.0))
            if job.cancel() or job.cancelled():
                raise Late(started=False)
            if not job.done():
                raise Late(started=True)
            return await answer
        finally:
            answer.cancel()  # if it still waits for its turn it gets none; nobody waits for the result

    async def close(self, last: Callable[[], None]) -> None:
        """Wait for the call that is under way and for `last`, and end the thread."""
        thread = self._thread
        if thread is None:
            return
        try:
            await self.ask(last, CLOSE_SECONDS)
        except Late:
            pass  # a disk that does not answer; the thread ends when it does
        finally:
            self._thread = None
            thread.shutdown(wait=False, cancel_futures=True)
