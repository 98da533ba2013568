"""Writers for tests of redelivery, and a drain over them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from eventgate.core.delivery import Delivery
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.spool import Deferral
from eventgate.core.topics import Topic, compile_schema
from eventgate.core.writer import WriterUse
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.sqlite.drain import SqliteDrain
from eventgate.spool.sqlite.spool import SqliteSpool
from eventgate.testing import RecordingWriter, make_event

Say = Callable[[Event], Outcome]

FAILED = WriteResult(Outcome.FAILED, reason="down")
AGE_SECONDS = 1000.0


class TellingWriter(RecordingWriter):
    """Answers what `say` says of each event; keeps those that it took, in order, and counts the attempts."""

    def __init__(self, name: str, say: Say = lambda event: Outcome.DELIVERED) -> None:
        super().__init__(name)
        self.say = say
        self.taken: list[str] = []
        self.attempts = 0

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """As told."""
        results = []
        for event in events:
            self.attempts += 1
            outcome = self.say(event)
            if outcome is Outcome.DELIVERED:
                self.taken.append(event.event_id)
            results.append(WriteResult(outcome, reason=None if outcome is Outcome.DELIVERED else "as told"))
        return results


def topic_for(*writers: RecordingWriter, name: str = "orders") -> Topic:
    """A topic that goes to `writers`."""
    schema = compile_schema(b"{}", uri="orders.json", resources={})
    return Topic(name=name, schema=schema, uses={writer.name: WriterUse() for writer in writers}, spool=True)


class Works:
    """A spool in `folder` and a drain over `writers`; a second one on the same file is like another process."""

    def __init__(self, folder: Path, *writers: RecordingWriter, max_events: int = 1000) -> None:
        self.spool = SqliteSpool(folder / "spool.db", max_events)
        self.spool.open()
        self.writers = writers
        self.topics = {"orders": topic_for(*writers)}
        redelivery = Redelivery(Delivery(writers), lambda: self.topics, 1.0)
        self.drain = SqliteDrain(self.spool, redelivery, [writer.name for writer in writers], AGE_SECONDS)

    async def __aenter__(self) -> Self:
        """As it is."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the file."""
        await self.spool.close()

    async def defer(self, id: str, key: str | None = None, *names: str, guard: str | None = None) -> bool:
        """Put an event there for the writers called `names`, else for all; whether it is there."""
        event = make_event(event_id=id, key=key)
        missing = dict.fromkeys(names or [writer.name for writer in self.writers], FAILED)
        (untaken,) = await self.spool.defer([Deferral(event, missing, guard)], soon())
        return not untaken

    async def until_empty(self, seconds: float = 30.0) -> None:
        """Drain until nothing waits."""
        until = time.monotonic() + seconds
        while (await self.spool.status(soon())).deferred:
            assert time.monotonic() < until, "something still waits"
            await self.drain.once()


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return asyncio.get_running_loop().time() + seconds
