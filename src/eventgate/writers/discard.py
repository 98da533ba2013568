"""The writer that keeps nothing: for a gate that only judges events, on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, NoTopicSettings, WriterContext, WriterSpec

_DELIVERED = WriteResult(Outcome.DELIVERED)


class DiscardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing can be set."""


class DiscardWriter:
    """Says `delivered` of every event and forgets it; there is no position, as it lies nowhere."""

    grouping: Grouping | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(self) -> None:
        """Nothing to get ready."""

    def refuse(self, event: Event) -> Unacceptable | None:
        """Nothing is refused."""
        return None

    def target(self, topic: str, options: Any) -> str:
        """Nowhere, always."""
        return "nowhere"

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """`delivered` for each, at once."""
        return [_DELIVERED] * len(events)

    async def probe(self) -> None:
        """Nothing can be down."""

    async def close(self) -> None:
        """Nothing to let go of."""


def build(settings: DiscardSettings, context: WriterContext) -> DiscardWriter:
    """A writer of that name."""
    return DiscardWriter(context.name)


SPEC = WriterSpec(
    settings=DiscardSettings,
    topic_settings=NoTopicSettings,
    build=build,
    summary="keeps nothing: for a gate that is only to judge events",
)
