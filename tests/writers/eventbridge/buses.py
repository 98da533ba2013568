"""Writers to a bus of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import WriterContext
from eventgate.writers.eventbridge.settings import EventBridgeSettings
from eventgate.writers.eventbridge.writer import EventBridgeWriter, build

ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/orders-bus"


def settings(**given: Any) -> EventBridgeSettings:
    """Settings for the bus of the tests."""
    return EventBridgeSettings(**{"event_bus_arn": ARN, **given})


def bus_writer(url: str | None, folder: Path | None = None, **given: Any) -> EventBridgeWriter:
    """A writer to that bus at `url`."""
    return build(settings(endpoint_url=url, **given), WriterContext(name="eventbridge", directory=folder))


async def put(writer: EventBridgeWriter, *events: Event, seconds: float = 10.0) -> list[WriteResult]:
    """Write one group."""
    return list(await writer.write(events, asyncio.get_running_loop().time() + seconds))


def shown(results: list[WriteResult]) -> list[str]:
    """Outcomes, with their reasons."""
    return [f"{each.outcome.value}: {each.reason}" if each.reason else each.outcome.value for each in results]


def ids(entries: list[Mapping[str, Any]]) -> list[str]:
    """The details of entries, as text."""
    return [entry["Detail"] for entry in entries]
