"""What a request leaves behind for those who watch the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from eventgate.core.model import Outcome, WriteResult
from eventgate.errors import Problem


class Trail(msgspec.Struct):
    """The course of one request, filled in on its way.

    But for `payload` it holds no value of the event or the token, only subject and event id; of a batch, its own id.
    `items` counts a batch's items by their status, `outcomes` their outcomes by writer. `payload` is the body that was
    read, decompressed: for the payload log alone. `spent` has the seconds for which each writer was waited for.
    `defect` is an error that nobody foresaw.
    """

    method: str
    route: str
    correlation_id: str
    status: int = 0
    topic: str | None = None
    subject: str | None = None
    event_id: str | None = None
    problems: tuple[Problem, ...] = ()
    results: Mapping[str, WriteResult] = {}
    items: Mapping[int, int] = {}
    outcomes: Mapping[str, Mapping[Outcome, int]] = {}
    payload: bytes | None = None
    spent: dict[str, float] = {}
    seconds: float = 0.0
    defect: Exception | None = None


class Instruments(Protocol):
    """Takes note of finished requests. Must not raise or block."""

    def finished(self, trail: Trail) -> None:
        """`trail` is complete: the answer is about to be sent."""
