"""A gate's spool while the gate is open: asked how it is, and drained in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress

from eventgate.config.configuration import Configuration
from eventgate.core.delivery import Delivery
from eventgate.core.health import DEADLINE_SECONDS, Dependency
from eventgate.core.keeping import Keeping
from eventgate.core.spool import Spool, SpoolStatus
from eventgate.core.topics import Topic
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.stores import OpenSpool


class Spooling:
    """The spool of one assembly; an attempt at redelivery takes at most `seconds`. Without a spool it does nothing."""

    def __init__(self, opened: OpenSpool | None, seconds: float) -> None:
        self.spool: Spool | None = None if opened is None else opened.spool
        self.keeping = Keeping(self.spool)
        self._opened = opened
        self._seconds = seconds
        self._status = SpoolStatus(None, None, None)
        self._draining: asyncio.Task[None] | None = None

    def dependencies(self) -> list[Dependency]:
        """The spool as `/health` asks it. Events are accepted without it as long as their writers take them."""
        return [] if self.spool is None else [Dependency("spool", self._ask, lambda: False)]

    def warnings(self) -> list[str]:
        """What lies in the spool, when it was last asked, and what it could not keep."""
        found = list(self._status.notes)
        if self._status.deferred:
            oldest = self._status.oldest_at
            age = "" if oldest is None else f", the oldest for {max(0, int(time.time() - oldest))} s"
            found.append(f"spool: {_count(self._status.deferred, 'deferred event')} waiting for redelivery{age}")
        if self._status.dead:
            found.append(f"spool: {_count(self._status.dead, 'dead letter')}; see `eventgate deadletters list`")
        if self.keeping.failure is not None:
            found.append(f"spool: the last refused event could not be kept: {self.keeping.failure}")
        return found

    def start(self, delivery: Delivery, topics: Callable[[], Mapping[str, Topic]], writers: tuple[str, ...]) -> None:
        """Drain in the background, until `stop`."""
        if self._opened is not None:
            drain = self._opened.drain(Redelivery(delivery, topics, self._seconds), writers)
            self._draining = asyncio.create_task(drain.run())

    async def stop(self) -> None:
        """Start no more attempts, and let those that are under way come to their end."""
        if self._draining is not None:
            self._draining.cancel()
            with suppress(asyncio.CancelledError):
                await self._draining

    async def _ask(self) -> None:
        if self.spool is not None:
            self._status = await self.spool.status(asyncio.get_running_loop().time() + DEADLINE_SECONDS * 0.9)


def open_spooling(configuration: Configuration, stack: AsyncExitStack) -> Spooling:
    """The spool that is configured; closing `stack` closes it."""
    opened = configuration.open_spool()
    if opened is not None:
        stack.push_async_callback(opened.spool.close)
    return Spooling(opened, configuration.settings.limits.request_timeout_seconds)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
