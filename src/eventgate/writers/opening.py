"""The writers of a gate, opened and closed side by side: none waits for another's sink."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

from eventgate.core.writer import Writer

log = logging.getLogger("eventgate.writers")


async def open_all(writers: Sequence[Writer], stack: AsyncExitStack) -> None:
    """Open `writers`; `stack` closes those that opened, also where another one raises, and then so does this."""
    opened: list[Writer] = []
    stack.push_async_callback(_close_all, opened)

    async def open_one(writer: Writer) -> None:
        await writer.open()
        opened.append(writer)

    ends = await asyncio.gather(*(open_one(writer) for writer in writers), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


async def _close_all(writers: Sequence[Writer]) -> None:
    """Several whose sinks hang must not take the time of all of them together."""
    ends = await asyncio.gather(*(writer.close() for writer in writers), return_exceptions=True)
    for writer, end in zip(writers, ends, strict=True):
        if end is not None:
            log.warning("closing the writer %s failed", writer.name, exc_info=end)
