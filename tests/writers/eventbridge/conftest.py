"""What the tests of the EventBridge writer share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.environment import use_credentials
from tests.aws.stub import EventsStub, events_stub


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    use_credentials(monkeypatch)


@pytest.fixture
def stub() -> Iterator[EventsStub]:
    """A bus that does as it is told."""
    with events_stub() as stub:
        yield stub
