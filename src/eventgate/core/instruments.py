"""What a request leaves behind for those who watch the gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from eventgate.core.model import Outcome, Request, WriteResult
from eventgate.errors import Problem

Waits = dict[str, tuple[float, float]]
"""By writer: when it was asked (`time.perf_counter()`), and for how many seconds it was waited for."""


class Span(Protocol):
    """A request's own place in a distributed trace, as W3C Trace Context writes it."""

    trace_id: str
    span_id: str
    traceparent: str


class Trail(msgspec.Struct):
    """The course of one request, filled in on its way.

    But for `payload` it holds no value of the event or the token, only subject and event id; of a batch, its own id.
    `items` counts a batch's items by their status, `outcomes` their outcomes by writer. `payload` is the body that was
    read, decompressed: for the payload log alone. `spent` has the time of each writer. `started` is when the request
    came (`time.perf_counter()`), `span` its place in a trace, if it has one. `defect` is an error that nobody foresaw.
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
    spent: Waits = {}
    started: float = 0.0
    seconds: float = 0.0
    span: Span | None = None
    defect: Exception | None = None


class Instruments(Protocol):
    """Takes note of finished requests. Must not raise or block."""

    def finished(self, trail: Trail) -> None:
        """`trail` is complete: the answer is about to be sent."""


class Tracing(Protocol):
    """Gives requests their place in a distributed trace."""

    def start(self, request: Request, trail: Trail) -> None:
        """Give `trail` its span, if `request` is to have one. Must not raise or block."""
