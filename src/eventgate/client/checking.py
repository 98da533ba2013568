"""Judging events before they are sent, with the gate's own code and texts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from eventgate.client.answers import Answer
from eventgate.offline import open_offline

T = TypeVar("T")


class Checking:
    """Judges events by the configuration directory `conf`, as read when this is made. Safe to use from any thread.

    Raises `ConfigurationError` where a gate would not start with it.
    """

    def __init__(self, conf: str) -> None:
        self._gate = _aside(lambda: asyncio.run(open_offline(conf)))

    def refuse(self, topic: str, event: bytes) -> Answer | None:
        """The answer that a gate would give; None if it would take the event, as far as that can be known here."""
        refusal = self._gate.refusal(topic, event)
        return None if refusal is None else Answer(status=refusal.status, errors=refusal.problems, attempts=0)

    def close(self) -> None:
        """Let go of what the configuration needed."""
        _aside(lambda: asyncio.run(self._gate.close()))


def _aside(work: Callable[[], T]) -> T:
    """Do `work` in a thread of its own: the caller's may run a loop, inside which there can be no other."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
