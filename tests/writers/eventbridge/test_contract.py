"""The writer contract, with a bus that hands back what it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import Writer
from eventgate.testing import KeepingWriterContract, make_event
from eventgate.writers.eventbridge.settings import EventBridgeTopicSettings
from eventgate.writers.eventbridge.writer import EventBridgeWriter
from tests.aws.environment import use_credentials
from tests.aws.stub import EventsStub, Hangup, events_stub
from tests.writers.eventbridge.buses import settings


class _Noting(EventBridgeWriter):
    """Notes which event has which bytes: entries do not bear the gate's event ids."""

    known: dict[str, Event]

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        self.known.update({event.body.decode(): event for event in events})
        return await super().write(events, deadline)


@pytest.mark.every_version
class TestEventBridge(KeepingWriterContract):
    """A bus for each test."""

    @pytest.fixture(autouse=True)
    def _bus(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        use_credentials(monkeypatch)
        with events_stub() as stub:
            self.stub: EventsStub = stub
            self.known: dict[str, Event] = {}
            yield

    def writer(self, folder: Path) -> Writer:
        """To the test's bus."""
        writer = _Noting("eventbridge", settings(endpoint_url=self.stub.url), True)
        writer.known = self.known
        return writer

    def elsewhere(self, folder: Path) -> Sequence[tuple[Writer, Event]]:
        """Another bus, endpoint, source or detail type."""
        own = EventBridgeTopicSettings(source="other"), EventBridgeTopicSettings(detail_type="other")
        others = (
            settings(endpoint_url=self.stub.url, event_bus_arn=f"{settings().event_bus_arn}-2"),
            settings(endpoint_url="https://elsewhere.example"),
        )
        return [
            *((EventBridgeWriter("eventbridge", each, True), self.event()) for each in others),
            *((self.writer(folder), make_event(options={"eventbridge": each})) for each in own),
        ]

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """What the bus took: the source is the topic."""
        details = [(entry["Source"], entry["Detail"]) for entry in self.stub.taken]
        return [(source, self.known[detail].event_id, detail.encode()) for source, detail in details]

    async def break_sink(self, folder: Path) -> None:
        """It hangs up on everybody."""
        self.stub.always = Hangup(take=False)

    async def mend_sink(self, folder: Path) -> None:
        """And no longer does."""
        self.stub.always = None
