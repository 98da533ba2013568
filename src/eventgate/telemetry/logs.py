"""Logs: one JSON object a line; of each request one line, whose level tells how it ended."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

import msgspec

from eventgate.core.instruments import Trail

TRACE = 5
"""Below DEBUG, for what only a search for a fault wants to see."""

_encode = msgspec.json.Encoder(enc_hook=str).encode
_requests = logging.getLogger("eventgate.request")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; what a call passes as `extra={"fields": {...}}` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its line feed: JSON escapes every control character, so no value can start a new one."""
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = _traceback(record.exc_info[1])
        return _encode(line).decode()


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send the gate's log to `stream` (standard error), other libraries' from WARNING on.

    `level` is a name of the logging module's, or TRACE; one that is unknown counts as INFO.
    """
    logging.addLevelName(TRACE, "TRACE")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    known = logging.getLevelNamesMapping()
    logging.getLogger("eventgate").setLevel(known.get(level.upper(), logging.INFO))


class RequestLog:
    """The instrument that logs each request: INFO if it was served, WARNING if refused, ERROR if the gate failed."""

    def finished(self, trail: Trail) -> None:
        """Write the line of `trail`."""
        level = _level(trail.status)
        if not _requests.isEnabledFor(level):
            return
        message = f"{trail.method} {trail.route or 'unknown path'} {trail.status}"
        defect = trail.defect
        error = None if defect is None else (type(defect), defect, defect.__traceback__)
        # Not through Logger.log, which walks the stack for a caller that nobody wants to know: a third of the cost.
        record = logging.LogRecord(_requests.name, level, "", 0, message, None, error)
        record.__dict__["fields"] = {name: value for name, value in _fields(trail).items() if value}
        _requests.handle(record)


@lru_cache(maxsize=2)
def _second(epoch: int) -> str:
    """A time of RFC 3339 without fraction and zone: made once for the lines of a second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))


def _level(status: int) -> int:
    if status < 400:
        return logging.INFO
    return logging.WARNING if status < 500 or status == 503 else logging.ERROR


def _fields(trail: Trail) -> Mapping[str, Any]:
    return {
        "status": trail.status,
        "topic": trail.topic,
        "subject": trail.subject,
        "event_id": trail.event_id,
        "writers": {name: result.outcome.value for name, result in trail.results.items()},
        "items": trail.items,
        "errors": trail.problems,
        "duration_ms": round(trail.seconds * 1000, 3),
        "correlation_id": trail.correlation_id,
    }


def _traceback(error: BaseException | None) -> list[str]:
    """Where it was raised: the frames and the type, without the message, which may hold a value of the event."""
    if error is None:
        return []
    frames = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(error.__traceback__)]
    return [*frames, type(error).__name__]
