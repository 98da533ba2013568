"""What the log says of each request of the table: one line, of the right level, with the reasons of the answer."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from eventgate.telemetry.logs import configure_logging
from tests.parity.case import Case
from tests.parity.hosts import Answer, AsgiHost
from tests.parity.test_parity import CASES, asgi, deployed, signed, tokens

__all__ = ["asgi", "deployed", "tokens"]  # fixtures

Told = list[tuple[Case, Answer, list[dict[str, Any]]]]
NAMES = ("", "eventgate")
CONFIGURATION = "eventgate.configuration"
"""Whose lines say what is wrong with the configuration, when a gate is rebuilt; the table has a broken topic."""


@pytest.fixture(scope="module")
def told(asgi: AsgiHost, tokens: dict[bytes, bytes]) -> Told:
    """Every case with its answer and what was logged meanwhile."""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(list(each.handlers), each.level) for each in loggers]
    found: Told = []
    for case in CASES:
        stream = io.StringIO()
        configure_logging("INFO", stream)
        answer = asgi(case, signed(case, tokens))
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        found.append((case, answer, [line for line in lines if line["logger"] != CONFIGURATION]))
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers = handlers
        logger.setLevel(level)
    return found


def document(answer: Answer) -> dict[str, Any]:
    """The answer, if it is a JSON object."""
    if "json" not in answer.headers.get("content-type", "") or not answer.body:
        return {}
    read = json.loads(answer.body)
    return read if isinstance(read, dict) else {}


def test_each_request_is_one_line_and_nothing_else_is_said(told: Told) -> None:
    loud = {case.name: lines for case, _, lines in told if [line["logger"] for line in lines] != ["eventgate.request"]}
    assert loud == {}


def test_the_line_has_status_topic_subject_event_id_outcomes_durations_and_correlation_id(told: Told) -> None:
    accepted = [
        (answer, line) for case, answer, (line,) in told if answer.status == 202 and "results" not in document(answer)
    ]
    delivered = [(answer, line) for answer, line in accepted if "writers" in document(answer)]
    assert len(delivered) > 10
    for answer, line in delivered:
        said = document(answer)
        assert line["status"] == said["statusCode"]
        assert line["event_id"] == said["event_id"] or said["event_id"] == "ID"
        assert line["writers"] == {name: each["outcome"] for name, each in said["writers"].items()}
        assert {"topic", "subject", "duration_ms", "writers_ms", "correlation_id"} <= line.keys()
        assert line["writers_ms"].keys() == line["writers"].keys()


def test_each_refusal_is_a_warning_with_the_reasons_that_the_caller_is_told(told: Told) -> None:
    """Types, messages, places and reasons; of a batch those of its items."""
    refused = [(case, answer, line) for case, answer, (line,) in told if answer.status >= 400]
    assert {answer.status for _, answer, _ in refused} >= {400, 401, 403, 404, 405, 413, 415, 503}
    assert [case.name for case, _, line in refused if line["level"] != "WARNING" or not line["errors"]] == []
    for case, answer, line in refused:
        said = document(answer)
        if "errors" in said:
            assert line["errors"] == said["errors"], case.name
        if answer.status == 401:
            assert all(error["reason"] for error in line["errors"]), case.name


def test_what_was_served_is_no_warning(told: Told) -> None:
    served = [(case, line) for case, answer, (line,) in told if answer.status < 400 and answer.status != 207]
    assert [case.name for case, line in served if line["level"] != "INFO" or "errors" in line] == []
