"""Judging events before they are sent, with the gate's own code and texts."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from eventgate.client.answers import Answer
from eventgate.errors import Refusal
from eventgate.offline import OfflineGate, open_offline

T = TypeVar("T")


class Checking:
    """Judges events by the configuration directory `conf`, as read when this is made. Safe to use from any thread.

    Raises `ConfigurationError` where a gate would not start with it.
    """

    def __init__(self, conf: str) -> None:
        # A thread and a loop of its own: the caller may be inside a running loop, and must not be made to wait by it.
        self._runner = asyncio.Runner()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eventgate-checking")
        self._gate: OfflineGate = self._call(lambda: self._runner.run(open_offline(conf)))

    def refuse(self, topic: str, event: bytes) -> Answer | None:
        """The answer that a gate would give; None if it would take the event, as far as that can be known here."""
        refusal: Refusal | None = self._gate.refusal(topic, event)
        return None if refusal is None else Answer(status=refusal.status, errors=refusal.problems, attempts=0)

    def close(self) -> None:
        """Let go of what the configuration needed."""
        self._call(lambda: self._runner.run(self._gate.close()))
        self._call(self._runner.close)
        self._thread.shutdown()

    def _call(self, work: Callable[[], T]) -> T:
        return self._thread.submit(functools.partial(work)).result()
