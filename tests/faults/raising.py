"""A writer with a defect that nobody foresaw."""

from __future__ import annotations

from collections.abc import Sequence

from eventgate.core.model import Event, WriteResult
from eventgate.core.writer import NoTopicSettings, WriterContext, WriterSpec
from eventgate.writers.discard import DiscardSettings, DiscardWriter


class RaisingWriter(DiscardWriter):
    """Raises in `write`, with a value of the event in its text."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Raise."""
        raise ZeroDivisionError(events[0].body.decode())


def _build(settings: DiscardSettings, context: WriterContext) -> RaisingWriter:
    return RaisingWriter(context.name)


SPEC = WriterSpec(DiscardSettings, NoTopicSettings, _build)
