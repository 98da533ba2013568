"""Examples that were made once are kept, and made in a thread: a hard schema must not hold up events."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from eventgate.catalogue.examples.example import Examples, examples
from eventgate.core.model import Response
from eventgate.core.responses import JSON
from eventgate.core.topics import CompiledSchema, Topic
from eventgate.errors import NoExample

_KEPT = 256
"""Schemas whose examples are kept."""


class Shelf:
    """The examples of topics. `max_depth` is how deep an event may be nested.

    They are kept as long as the topic's schema lives, for its latest pointer to the event id.
    """

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self._thread = ThreadPoolExecutor(1, "examples")  # one: whoever asks for many takes no thread of others
        self._making: WeakKeyDictionary[CompiledSchema, tuple[str | None, asyncio.Future[Examples]]] = (
            WeakKeyDictionary()
        )

    async def of(self, topic: Topic) -> Examples:
        """The examples of `topic`. Whoever asks meanwhile waits for the same ones."""
        pointer = None if topic.event_id is None else topic.event_id.text
        known = self._making.get(topic.schema)
        if known is None or known[0] != pointer:
            if len(self._making) >= _KEPT:
                self._making.clear()
            loop = asyncio.get_running_loop()
            known = (pointer, loop.run_in_executor(self._thread, examples, topic, self._max_depth))
            self._making[topic.schema] = known
        return await asyncio.shield(known[1])

    async def answer(self, topic: Topic) -> Response:
        """The full example as the body of an answer; raises `NoExample`."""
        found = await self.of(topic)
        if found.full is None:
            raise NoExample
        return Response(200, (JSON,), found.full)
