"""A gate's spool while the gate is open: asked how it is, and drained in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from eventgate.config.configuration import Configuration
from eventgate.core.delivery import Delivery
from eventgate.core.health import DEADLINE_SECONDS, KEEP_SECONDS, Dependency
from eventgate.core.keeping import Keeping
from eventgate.core.spool import Spool, SpoolStatus
from eventgate.core.topics import Topic
from eventgate.errors import EventGateError
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.stores import OpenSpool

if TYPE_CHECKING:
    from eventgate.spool.sqs.queue import Received

log = logging.getLogger("eventgate.spool")


class Spooling:
    """The spool of one assembly; an attempt at redelivery takes at most `seconds`. Without a spool it does nothing."""

    def __init__(self, opened: OpenSpool | None, seconds: float) -> None:
        self.spool: Spool | None = None if opened is None else opened.spool
        self.keeping = Keeping(self.spool)
        self._opened = opened
        self._seconds = seconds
        self._status = SpoolStatus(None, None, None)
        self._asked_at = float("-inf")
        self._redelivery: Redelivery | None = None
        self._writers: tuple[str, ...] = ()
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

    def attach(self, delivery: Delivery, topics: Callable[[], Mapping[str, Topic]], writers: tuple[str, ...]) -> None:
        """Say by which writers what waits is delivered."""
        self._redelivery = Redelivery(delivery, topics, self._seconds)
        self._writers = writers

    def start(self) -> None:
        """Drain in the background, until `stop`."""
        if self._opened is not None and self._redelivery is not None:
            self._draining = asyncio.create_task(self._opened.drain(self._redelivery, self._writers).run())

    async def consume(self, received: Sequence[Received], until: float) -> set[str]:
        """Try messages of the queue that is the spool; the ids of those that are done. Others come back later."""
        if self._opened is None or self._redelivery is None or self._opened.options.place.kind != "sqs":
            log.error("there are messages of a spool, but no `sqs:` spool is configured; they stay in the queue")
            return set()
        return await self._opened.consume(self._redelivery, received, until)

    async def stop(self) -> None:
        """Start no more attempts, and let those that are under way come to their end."""
        if self._draining is not None:
            self._draining.cancel()
            with suppress(asyncio.CancelledError):
                await self._draining

    async def status(self) -> SpoolStatus | None:
        """What lies in the spool, or lay there some seconds ago; None where there is none or it does not answer."""
        if self.spool is None:
            return None
        if time.monotonic() - self._asked_at > KEEP_SECONDS:
            try:
                await self._ask()
            except EventGateError:
                return None
        return self._status

    async def _ask(self) -> None:
        if self.spool is not None:
            self._status = await self.spool.status(asyncio.get_running_loop().time() + DEADLINE_SECONDS * 0.9)
            self._asked_at = time.monotonic()


def open_spooling(configuration: Configuration, stack: AsyncExitStack) -> Spooling:
    """The spool that is configured; closing `stack` closes it."""
    opened = configuration.open_spool()
    if opened is not None:
        stack.push_async_callback(opened.spool.close)
    return Spooling(opened, configuration.settings.limits.request_timeout_seconds)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
