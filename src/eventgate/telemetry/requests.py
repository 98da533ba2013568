"""The log of requests: of each one line, whose level tells how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import msgspec

from eventgate.core.clock import timestamp
from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome
from eventgate.errors import Problem
from eventgate.telemetry.logs import JsonHandler

_root = logging.getLogger()
_NAMES = {logging.INFO: "INFO", logging.WARNING: "WARNING", logging.ERROR: "ERROR"}
_package = logging.getLogger("eventgate")
_requests = logging.getLogger("eventgate.request")


class RequestLog:
    """The instrument that logs each request: INFO if it was served, WARNING if refused, ERROR if the gate failed.

    A batch counts as its worst item. With `cold_start` the first request is marked: it waited for the gate to open.
    """

    def __init__(self, *, cold_start: bool = False) -> None:
        self._cold_start = cold_start

    def finished(self, trail: Trail) -> None:
        """Write the line of `trail`."""
        cold_start, self._cold_start = self._cold_start, False
        level = _level(trail.status) if not trail.items else max(map(_level, (trail.status, *trail.items)))
        if not _requests.isEnabledFor(level):
            return
        line = _line(trail, _NAMES[level])
        line.cold_start = cold_start
        if trail.defect is None and (handler := _only_handler()) is not None and handler.write(line):
            return
        defect = trail.defect
        error = None if defect is None else (type(defect), defect, defect.__traceback__)
        record = logging.LogRecord(_requests.name, level, "", 0, line.message, None, error)
        fields = msgspec.to_builtins(line)
        record.__dict__["fields"] = {name: fields[name] for name in _FIELDS if name in fields}
        _requests.handle(record)


class _Line(msgspec.Struct, omit_defaults=True):
    """The line of a request: members of every line, then its fields, without those that have nothing to say."""

    time: str
    level: str
    logger: str
    message: str
    status: int = 0
    topic: str | None = None
    subject: str | None = None
    event_id: str | None = None
    writers: dict[str, Outcome | Mapping[Outcome, int]] = {}
    positions: dict[str, Mapping[str, str | int]] = {}
    items: Mapping[int, int] = {}
    errors: tuple[Problem, ...] = ()
    duration_ms: float = 0.0
    writers_ms: dict[str, float] = {}
    correlation_id: str = ""
    trace_id: str | None = None
    span_id: str | None = None
    cold_start: bool = False


_FIELDS = _Line.__struct_fields__[4:]


def _line(trail: Trail, level: str) -> _Line:
    return _Line(
        timestamp(time.time()),
        level,
        _requests.name,
        f"{trail.method} {trail.route or 'unknown path'} {trail.status}",
        trail.status,
        trail.topic,
        trail.subject,
        trail.event_id,
        {name: result.outcome for name, result in trail.results.items()} or dict(trail.outcomes),
        {name: result.position for name, result in trail.results.items() if result.position},
        trail.items,
        trail.problems,
        _milliseconds(trail.seconds),
        {name: _milliseconds(seconds) for name, (_, seconds) in trail.spent.items()},
        trail.correlation_id,
        None if trail.span is None else trail.span.trace_id,
        None if trail.span is None else trail.span.span_id,
    )


def _milliseconds(seconds: float) -> float:
    """To the microsecond; to have `round` count the digits takes six times as long."""
    return round(seconds * 1_000_000) / 1000


def _only_handler() -> JsonHandler | None:
    """The gate's own handler, where what a request leaves would reach it and nothing else."""
    for logger in (_requests, _package):
        if logger.filters or logger.disabled or not logger.propagate or _heard(logger.handlers):
            return None
    handlers = _root.handlers
    return handlers[0] if len(handlers) == 1 and isinstance(handlers[0], JsonHandler) else None


def _heard(handlers: list[logging.Handler]) -> bool:
    return bool(handlers) and not all(isinstance(handler, logging.NullHandler) for handler in handlers)


def _level(status: int) -> int:
    if status < 400:
        return logging.INFO
    return logging.WARNING if status < 500 or status == 503 else logging.ERROR
