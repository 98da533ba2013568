"""Logs: one JSON object a line; of each request one line, whose level tells how it ended."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

from eventgate.core.clock import timestamp
from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome
from eventgate.errors import Problem
from eventgate.telemetry.outlet import Outlet

TRACE = 5
"""Below DEBUG, for what only a search for a fault wants to see."""

_encode = msgspec.json.Encoder(enc_hook=str).encode
_root = logging.getLogger()
_package = logging.getLogger("eventgate")
_requests = logging.getLogger("eventgate.request")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; what a call passes as `extra={"fields": {...}}` becomes members.

    Of other libraries' messages only the template is shown, with the place that logged it: what they fill in, or put
    together before they log, may be an address or a value.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its line feed: JSON escapes every control character, so no value can start a new one."""
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            **_told(record),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = _traceback(record.exc_info[1])
        return _encode(line).decode()


class JsonHandler(logging.StreamHandler[TextIO]):
    """Writes lines to a stream, or by an `outlet`, which does not wait for whoever should read them."""

    def __init__(self, stream: TextIO, outlet: Outlet | None = None) -> None:
        super().__init__(stream)
        self.setFormatter(JsonFormatter())
        self._outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`."""
        if self._outlet is None:
            super().emit(record)
            return
        try:
            self._outlet.write((self.format(record) + self.terminator).encode())
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Have it written, as far as anybody reads."""
        super().flush()
        if self._outlet is not None:
            self._outlet.flush()

    def write(self, line: _Line) -> bool:
        """Write what is as good as formatted; False where it could not be, or a filter has to be asked.

        A `LogRecord`, made and handed from logger to logger, costs 14 us, which is as much as judging an event.
        """
        if self.filters or self.level > logging.INFO:
            return False
        try:
            self.acquire()
            try:
                if self._outlet is not None:
                    self._outlet.write(_encode(line) + b"\n")
                else:
                    self.stream.write(_encode(line).decode() + self.terminator)
                    super().flush()
            finally:
                self.release()
        except Exception:  # of the stream; the logging module has a way to tell of it
            return False
        return True


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send the gate's log to `stream`, other libraries' from WARNING on.

    Without a `stream` to standard error, where nothing waits for a line to be read: docs/operations.md says what is
    dropped. `level` is a name of the logging module's, or TRACE; one that is unknown counts as INFO.
    """
    logging.addLevelName(TRACE, "TRACE")
    _root.handlers = [JsonHandler(sys.stderr, _standard_error())] if stream is None else [JsonHandler(stream)]
    _root.setLevel(logging.WARNING)
    known = logging.getLevelNamesMapping()
    _package.setLevel(known.get(level.upper(), logging.INFO))


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
        line = _line(trail, logging.getLevelName(level))
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
        round(trail.seconds * 1000, 3),
        {name: round(seconds * 1000, 3) for name, (_, seconds) in trail.spent.items()},
        trail.correlation_id,
        None if trail.span is None else trail.span.trace_id,
        None if trail.span is None else trail.span.span_id,
    )


def _standard_error() -> Outlet | None:
    """The way to standard error's descriptor, if it has one."""
    try:
        return Outlet(sys.stderr.fileno(), _dropped)
    except (AttributeError, OSError):
        return None


def _dropped(lines: int) -> bytes:
    """The line that stands for `lines` which nobody read in time."""
    told = {"time": timestamp(time.time()), "level": "WARNING", "logger": "eventgate.log", "dropped": lines}
    return _encode({**told, "message": "lines of this log are missing here: nobody read it in time"}) + b"\n"


def _told(record: logging.LogRecord) -> dict[str, str]:
    """The message of a record, and whose it is where it is not ours."""
    if record.name.partition(".")[0] == "eventgate":
        return {"message": record.getMessage()}
    place = f"{record.filename}:{record.lineno} {record.funcName}"
    return {"message": str(record.msg) if record.args else "(withheld: it may hold values)", "place": place}


def _only_handler() -> JsonHandler | None:
    """The gate's own handler, where what a request leaves would reach it and nothing else."""
    for logger in (_requests, _package):
        if logger.filters or logger.disabled or not logger.propagate or not _silent(logger.handlers):
            return None
    handlers = _root.handlers
    return handlers[0] if len(handlers) == 1 and isinstance(handlers[0], JsonHandler) else None


def _silent(handlers: list[logging.Handler]) -> bool:
    return not [handler for handler in handlers if not isinstance(handler, logging.NullHandler)]


def _level(status: int) -> int:
    if status < 400:
        return logging.INFO
    return logging.WARNING if status < 500 or status == 503 else logging.ERROR


def _traceback(error: BaseException | None) -> list[str]:
    """Where it was raised: the frames and the type, without the message, which may hold a value of the event."""
    if error is None:
        return []
    frames = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(error.__traceback__)]
    return [*frames, type(error).__name__]
