"""The lines of the log, whichever way they take through the logging module."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult
from eventgate.errors import Problem
from eventgate.telemetry.logs import JsonHandler, configure_logging
from eventgate.telemetry.requests import RequestLog
from tests.telemetry.conftest import NAMES

pytestmark = pytest.mark.usefixtures("loggers")


@pytest.fixture
def stream() -> io.StringIO:
    """Where the log goes."""
    stream = io.StringIO()
    configure_logging("INFO", stream)
    return stream


def served() -> Trail:
    results = {
        "kafka": WriteResult(Outcome.DELIVERED, {"offset": 7}),
        "db": WriteResult(Outcome.SKIPPED, reason="guard"),
    }
    return Trail("POST", "/topics/{topic}", "c-1", 202, "runs", "ada", "e-1", results=results, seconds=0.0123456)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Elsewhere(logging.Handler):
    """Another handler, such as a test runner's."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def test_a_request_is_one_line_of_what_there_is_to_say(stream: io.StringIO) -> None:
    RequestLog().finished(served())
    (line,) = lines(stream)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert list(line.items()) == [
        ("level", "INFO"),
        ("logger", "eventgate.request"),
        ("message", "POST /topics/{topic} 202"),
        ("status", 202),
        ("topic", "runs"),
        ("subject", "ada"),
        ("event_id", "e-1"),
        ("writers", {"kafka": "delivered", "db": "skipped"}),
        ("positions", {"kafka": {"offset": 7}}),
        ("duration_ms", 12.346),
        ("correlation_id", "c-1"),
    ]


def test_a_batch_is_a_line_with_the_outcomes_of_its_items_and_the_level_of_its_worst(stream: io.StringIO) -> None:
    outcomes = {"kafka": {Outcome.DELIVERED: 2, Outcome.FAILED: 1}}
    RequestLog().finished(
        Trail(
            "POST", "/topics/{topic}", "c", 207, items={202: 2, 500: 1}, outcomes=outcomes, spent={"kafka": (9.0, 0.5)}
        )
    )
    RequestLog().finished(Trail("POST", "/topics/{topic}", "c", 207, items={202: 2, 503: 1}))
    failed, refused = lines(stream)
    assert (failed["level"], refused["level"]) == ("ERROR", "WARNING")
    assert failed["writers"] == {"kafka": {"delivered": 2, "failed": 1}}
    assert failed["writers_ms"] == {"kafka": 500.0}


def test_only_the_first_request_of_an_environment_is_a_cold_start(stream: io.StringIO) -> None:
    log = RequestLog(cold_start=True)
    log.finished(served())
    log.finished(served())
    assert [line.get("cold_start") for line in lines(stream)] == [True, None]


@pytest.mark.parametrize("level", ["TRACE", "INFO"])
def test_other_libraries_are_quiet_up_to_warnings(stream: io.StringIO, level: str) -> None:
    configure_logging(level, stream)
    for name in ("urllib3.connectionpool", "botocore.hooks", "asyncio", "uvicorn.error", "moto"):
        logging.getLogger(name).debug("detail")
        logging.getLogger(name).info("detail")
    assert stream.getvalue() == ""


def test_what_other_libraries_fill_into_their_messages_is_not_shown(stream: io.StringIO) -> None:
    logging.getLogger("elsewhere.connections").warning("Retrying %s of %s", 3, "db.secret.example")
    logging.getLogger("elsewhere.tasks").error("never retrieved: ValueError('secret')", exc_info=ValueError("secret"))
    filled, fixed = lines(stream)
    assert filled["message"] == "Retrying %s of %s"
    assert fixed["message"] == "(withheld: it may hold values)"
    assert fixed["traceback"] == ["ValueError"]
    assert filled["place"].startswith("test_logs.py:")
    assert "secret" not in stream.getvalue()


@pytest.mark.parametrize(
    ("status", "level"), [(202, "INFO"), (303, "INFO"), (400, "WARNING"), (503, "WARNING"), (500, "ERROR")]
)
def test_the_level_tells_how_it_ended(stream: io.StringIO, status: int, level: str) -> None:
    problem = Problem("validation", "too short", pointer="/a")
    RequestLog().finished(Trail("POST", "", "c-1", status, problems=(problem,)))
    (line,) = lines(stream)
    assert line["level"] == level
    assert line["message"] == f"POST unknown path {status}"
    assert line["errors"] == [{"type": "validation", "message": "too short", "pointer": "/a"}]


@pytest.mark.parametrize(
    "trail", [served(), Trail("GET", "/api", "c-2", 200), Trail("POST", "", "c-3", 207, items={202: 3, 400: 1})]
)
def test_the_line_is_the_same_where_others_listen_too(stream: io.StringIO, trail: Trail) -> None:
    """A line that only the gate's handler gets is written without a record of the logging module."""
    RequestLog().finished(trail)
    other = Elsewhere()
    logging.getLogger().addHandler(other)
    RequestLog().finished(trail)
    direct, by_record = lines(stream)
    assert direct | {"time": ""} == by_record | {"time": ""}
    assert list(direct) == list(by_record)
    assert [record.getMessage() for record in other.records] == [direct["message"]]


@pytest.mark.parametrize("name", NAMES)
def test_handlers_and_filters_of_any_logger_on_the_way_are_asked(stream: io.StringIO, name: str) -> None:
    other = Elsewhere()
    logging.getLogger(name).addHandler(other)
    RequestLog().finished(served())
    assert len(other.records) == len(lines(stream)) == 1
    logging.getLogger(name).removeHandler(other)
    holder = logging.getLogger(name).handlers[0] if name == "" else logging.getLogger("eventgate.request")
    holder.addFilter(lambda record: False)
    RequestLog().finished(served())
    assert len(lines(stream)) == 1


def test_a_level_keeps_lines_below_it_out(stream: io.StringIO) -> None:
    configure_logging("WARNING", stream)
    RequestLog().finished(served())
    assert stream.getvalue() == ""
    configure_logging("INFO", stream)
    logging.getLogger().handlers[0].setLevel(logging.WARNING)
    RequestLog().finished(served())
    assert stream.getvalue() == ""
    RequestLog().finished(Trail("POST", "", "c-1", 401))
    assert len(lines(stream)) == 1


def test_a_defect_shows_where_it_was_and_not_what_it_said(stream: io.StringIO) -> None:
    try:
        raise ValueError("secret")
    except ValueError as error:
        RequestLog().finished(Trail("POST", "/api", "c-1", 500, defect=error))
    (line,) = lines(stream)
    assert line["traceback"][-1] == "ValueError"
    assert "test_logs.py" in line["traceback"][0]
    assert "secret" not in stream.getvalue()


def test_no_value_can_begin_a_line_of_its_own(stream: io.StringIO) -> None:
    trail = served()
    trail.event_id = 'a\n{"level":"ERROR"}\u2028'
    RequestLog().finished(trail)
    logging.getLogger("eventgate").warning("two\nlines")
    assert len(stream.getvalue().rstrip("\n").split("\n")) == 2


def test_lines_stand_in_the_order_in_which_they_were_logged(stream: io.StringIO) -> None:
    RequestLog().finished(served())
    logging.getLogger("eventgate").warning("between")
    RequestLog().finished(served())
    assert [line["message"] for line in lines(stream)] == [
        "POST /topics/{topic} 202",
        "between",
        "POST /topics/{topic} 202",
    ]


def test_a_stream_that_fails_does_not_fail_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("no space left")

    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger().handlers = [JsonHandler(Full())]
    logging.getLogger("eventgate").setLevel(logging.INFO)
    RequestLog().finished(served())
