"""Logs: one JSON object a line."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TextIO

import msgspec

from eventgate.core.clock import timestamp
from eventgate.telemetry.outlet import Outlet
from eventgate.telemetry.turns import Turns

TRACE = 5
"""Below DEBUG, for what only a search for a fault wants to see."""

_encode = msgspec.json.Encoder(enc_hook=str).encode
_root = logging.getLogger()
_package = logging.getLogger("eventgate")


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
        self._turns: Turns | None = None
        self._guard: AbstractContextManager[object] = self.lock or nullcontext()  # which it has had since it was made

    def gather(self, soon: Callable[[Callable[[], None]], object] | None) -> None:
        """From now on write the lines of requests as `Turns` does with `soon`; with None each by itself again."""
        with self._guard:
            if self._turns is not None:
                self._turns.flush()
            self._turns = None if soon is None or self._outlet is None else Turns(self._outlet.write, soon)

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`."""
        if self._outlet is None:
            super().emit(record)
            return
        try:
            if self._turns is not None:
                self._turns.flush()
            self._outlet.write((self.format(record) + self.terminator).encode())
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Have it written, as far as anybody reads."""
        super().flush()
        if self._outlet is None:
            return
        with self._guard, suppress(OSError):
            if self._turns is not None:
                self._turns.flush()
        self._outlet.flush()

    def write(self, fields: msgspec.Struct) -> bool:
        """Write the line of a request; False where it could not be written, or a filter has to be asked.

        A `LogRecord`, made and handed from logger to logger, costs 14 us, which is as much as judging an event.
        """
        if self.filters or self.level > logging.INFO:
            return False
        try:
            line = _encode(fields) + b"\n"
            with self._guard:
                if self._turns is not None:
                    self._turns.take(line)
                elif self._outlet is not None:
                    self._outlet.write(line)
                else:
                    self.stream.write(line.decode())
                    super().flush()
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


@contextmanager
def lines_gathered(soon: Callable[[Callable[[], None]], object]) -> Iterator[None]:
    """While in the block, lines of requests share writes as `Turns` says; none is held back when it is left.

    `soon` has a function called when the turn of the event loop is over, as `call_soon` does.
    """
    handlers = [handler for handler in _root.handlers if isinstance(handler, JsonHandler)]
    for handler in handlers:
        handler.gather(soon)
    try:
        yield
    finally:
        for handler in handlers:
            with suppress(OSError):
                handler.gather(None)


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


def _traceback(error: BaseException | None) -> list[str]:
    """Where it was raised: the frames and the type, without the message, which may hold a value of the event."""
    if error is None:
        return []
    frames = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(error.__traceback__)]
    return [*frames, type(error).__name__]
