"""Writers that do what they are told, and sinks that are there when the writers are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.testing import RecordingWriter

Copy = tuple[str, str, bytes]
"""Topic, event id and body of an event in a sink."""


class TestableWriter(RecordingWriter):
    """Ends as `outcome` says: `delivered` unless told otherwise, and `unknown` having written if `lands`.

    Its sinks are in `sinks`, by their places; `ledger`: it never writes an event id twice.
    """

    __test__ = False

    def __init__(self, name: str, *, ledger: bool = False, place: str = "here") -> None:
        super().__init__(name, place=place)
        self.outcome = Outcome.DELIVERED
        self.lands = False
        self.ledger = ledger
        self.sinks: dict[str, Counter[Copy]] = {}

    @property
    def sink(self) -> Counter[Copy]:
        """What is at its present place."""
        return self.sinks.setdefault(self.place, Counter())

    def holds(self, topic: str, event_id: str, body: bytes) -> int:
        """How often the event is there."""
        return self.sink[topic, event_id, body]

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Each by itself."""
        await super().write(events, deadline)
        return [self._write(event) for event in events]

    def _write(self, event: Event) -> WriteResult:
        copy = (event.topic, event.event_id, event.body)
        if self.outcome is Outcome.DELIVERED and self.ledger:
            if self.sink[copy]:
                return WriteResult(Outcome.DUPLICATE)
            if any(topic == event.topic and event_id == event.event_id for topic, event_id, _ in +self.sink):
                return WriteResult(Outcome.CONFLICT)
        if self.outcome is Outcome.DELIVERED or (self.outcome is Outcome.UNKNOWN and self.lands):
            self.sink[copy] += 1
        if self.outcome is Outcome.DELIVERED:
            return WriteResult(Outcome.DELIVERED, {"place": self.place, "row": self.sink.total()})
        return WriteResult(self.outcome, reason="as it was told")
