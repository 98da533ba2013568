"""A writer with a defect that nobody foresaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from eventgate.core.model import Event, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, NoTopicSettings, Writer, WriterContext, WriterSpec


class RaisingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """None."""


class RaisingWriter:
    """Raises in `write`, with a value of the event in its text."""

    grouping: Grouping | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(self) -> None:
        """Nothing to get."""

    def refuse(self, event: Event) -> Unacceptable | None:
        """Never."""
        return None

    def target(self, topic: str, options: Any) -> str:
        """Nowhere."""
        return "nowhere"

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Raise."""
        raise ZeroDivisionError(events[0].body.decode())

    async def probe(self) -> None:
        """Well."""

    async def close(self) -> None:
        """Nothing to let go of."""


def _build(settings: RaisingSettings, context: WriterContext) -> Writer:
    return RaisingWriter(context.name)


SPEC = WriterSpec(RaisingSettings, NoTopicSettings, _build)
