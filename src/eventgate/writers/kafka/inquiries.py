"""What the cluster says of topics: asked before a topic's first event is handed over, and when there is doubt.

librdkafka takes events for a topic that it knows nothing of, and finds out later that there is none; until then nobody
can say whether they are in Kafka. An event that waits here is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from eventgate.core.model import WriteResult
from eventgate.errors import SinkUnavailable
from eventgate.writers.kafka import errors
from eventgate.writers.kafka.parcel import Parcel

PAUSE_SECONDS: Final = 0.1
"""Between two questions about a topic that may be about to exist."""

Ask = Callable[[str], Awaitable[str | None]]
"""Asks the cluster about a topic: the code of what is wrong with it, None if nothing; raises `SinkUnavailable`."""


class Inquiries:
    """Holds parcels until the cluster has spoken of their topic, then gives them to `release`, in order.

    A topic that is not there is waited for, `patience` seconds at most, since it may have been created just now
    (brokers may be set to do so when asked); what it then lacks is `failed`. `spawn` runs a task.
    """

    def __init__(
        self,
        ask: Ask,
        release: Callable[[Parcel], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        patience: float,
    ) -> None:
        self._ask = ask
        self._release = release
        self._spawn = spawn
        self._patience = patience
        self._held: dict[str, list[Parcel]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._seen: set[str] = set()
        self._wrong: dict[str, str] = {}

    def seen(self, topic: str) -> bool:
        """Whether the cluster has said that there is such a topic, and nothing has contradicted it."""
        return topic in self._seen

    def forget(self, topic: str) -> None:
        """Ask again before the topic's next event."""
        self._seen.discard(topic)

    def forget_all(self) -> None:
        """Ask again about every topic: another producer knows of none."""
        self._seen.clear()

    def hold(self, parcel: Parcel) -> None:
        """Keep `parcel` until the cluster has answered."""
        self._seen.discard(parcel.topic)
        others = self._held.setdefault(parcel.topic, [])
        others.append(parcel)
        if len(others) == 1:
            self._asking[parcel.topic] = self._spawn(self._inquire(parcel.topic))

    def result(self, topic: str) -> WriteResult | None:
        """What becomes of an event of `topic` whose time runs out here; None if nothing is known against the topic."""
        return errors.raised(self._wrong[topic]) if topic in self._wrong else None

    async def wait(self, seconds: float) -> None:
        """Wait for the answers that are under way."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=seconds)

    def take_all(self) -> list[Parcel]:
        """All parcels that are held, for whoever closes."""
        held = [parcel for others in self._held.values() for parcel in others]
        self._held.clear()
        return held

    async def _inquire(self, topic: str) -> None:
        try:
            wrong = await self._answer(topic)
        except SinkUnavailable:
            asked = False  # nobody answers: the queue is where to wait for that
        else:
            asked = True
            if wrong is None:
                self._seen.add(topic)
        self._asking.pop(topic, None)
        for parcel in self._held.pop(topic, ()):
            if asked and wrong is not None:
                parcel.settle(errors.raised(wrong))
            elif parcel.result is None:
                parcel.asked = asked
                self._release(parcel)

    async def _answer(self, topic: str) -> str | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + (0.0 if topic in self._wrong else self._patience)
        while (wrong := await self._ask(topic)) in errors.NO_TOPIC:
            self._wrong[topic] = str(wrong)
            if loop.time() >= until or all(parcel.result is not None for parcel in self._held.get(topic, ())):
                return wrong
            await asyncio.sleep(PAUSE_SECONDS)
        if wrong in errors.OF_THE_TOPIC:
            self._wrong[topic] = str(wrong)
            return wrong
        self._wrong.pop(topic, None)
        return None
