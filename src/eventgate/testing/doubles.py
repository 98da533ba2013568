"""Writers without a sink, for tests of what stands in front of a writer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping
from eventgate.errors import SinkUnavailable


class RecordingWriter:
    """Delivers into a list. `groups` holds what each `write` was told; `refusal` is what `refuse` says of any event.

    `place` is its target: change it, and it stands for another sink.
    """

    def __init__(
        self,
        name: str = "recording",
        *,
        grouping: Grouping | None = None,
        refusal: Unacceptable | None = None,
        place: str = "a list",
    ) -> None:
        self.name = name
        self.grouping = grouping
        self.refusal = refusal
        self.place = place
        self.groups: list[tuple[Event, ...]] = []
        self.opened = 0
        self.closed = 0

    @property
    def events(self) -> list[Event]:
        """All events written, in order."""
        return [event for group in self.groups for event in group]

    async def open(self) -> None:
        """Count it."""
        self.opened += 1

    def refuse(self, event: Event) -> Unacceptable | None:
        """What was said to refuse."""
        return self.refusal

    def target(self, topic: str, options: Any) -> str:
        """The place, and the topic."""
        return f"{self.place}/{topic}"

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """`delivered`, with the index in `events` as position."""
        first = len(self.events)
        self.groups.append(tuple(events))
        return [WriteResult(Outcome.DELIVERED, {"index": first + offset}) for offset in range(len(events))]

    async def probe(self) -> None:
        """Always well."""

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


class FailingWriter(RecordingWriter):
    """Gives `outcome` for every event, or raises `error`, which no writer should; its probe fails."""

    def __init__(
        self,
        name: str = "failing",
        *,
        outcome: Outcome = Outcome.FAILED,
        reason: str | None = "made to fail",
        error: BaseException | None = None,
        grouping: Grouping | None = None,
    ) -> None:
        super().__init__(name, grouping=grouping)
        self.result = WriteResult(outcome, reason=reason)
        self.error = error

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Fail as told."""
        self.groups.append(tuple(events))
        if self.error is not None:
            raise self.error
        return [self.result] * len(events)

    async def probe(self) -> None:
        """Raises `SinkUnavailable`."""
        raise SinkUnavailable(self.result.reason or self.result.outcome.value)


class SlowWriter(RecordingWriter):
    """Holds every write until `release` is set, then delivers; `unknown` where the deadline comes first.

    `started` is set once a write waits. With `heeds_deadline=False` it waits on regardless, as a broken writer would.
    """

    def __init__(self, name: str = "slow", *, grouping: Grouping | None = None, heeds_deadline: bool = True) -> None:
        super().__init__(name, grouping=grouping)
        self.release = asyncio.Event()
        self.started = asyncio.Event()
        self.heeds_deadline = heeds_deadline

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Wait, then deliver."""
        self.started.set()
        try:
            async with asyncio.timeout_at(deadline if self.heeds_deadline else None):
                await self.release.wait()
        except TimeoutError:
            return [WriteResult(Outcome.UNKNOWN, reason="held until the deadline")] * len(events)
        return await super().write(events, deadline)
