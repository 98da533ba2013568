"""The payload log: only at TRACE, redacted, cut, and never the token."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.instruments import Trail
from eventgate.telemetry.logs import configure_logging
from eventgate.telemetry.payloads import payload_log
from eventgate.telemetry.redaction import MAX_BYTES, REDACTED, Redaction, redaction
from tests.core.gateway_support import TOKENS, Bench

HIDDEN = Redaction(frozenset({"password", "token"}), 10_000)


def shown(payload: bytes, redaction: Redaction = HIDDEN) -> str:
    return redaction.shown(payload)[0]


def test_values_are_replaced_by_the_members_name_at_any_depth_and_in_any_case() -> None:
    payload = b'{"a":[{"PassWord":{"x":1},"b":2}],"token":["t"],"tokens":3}'
    assert json.loads(shown(payload)) == {"a": [{"PassWord": REDACTED, "b": 2}], "token": REDACTED, "tokens": 3}


def test_of_a_name_that_stands_twice_neither_value_is_shown() -> None:
    assert json.loads(shown(b'{"token":"first","token":"second"}')) == {"token": REDACTED}


def test_lines_of_a_batch_are_redacted_one_by_one() -> None:
    assert shown(b'{"token":"t"}\n\n{"a":1}\r\nnothing') == (
        f'{{"token":"{REDACTED}"}}\n{{"a":1}}\n(7 bytes that are no JSON)'
    )


@pytest.mark.parametrize(
    "payload", [b"password=hunter2", b'{"token":"hunter2"', b"hunter2", b"\xffhunter2", b"[" * 100_000]
)
def test_what_is_no_json_is_withheld(payload: bytes) -> None:
    assert shown(payload) == f"({len(payload)} bytes that are no JSON)"


@given(st.text(), st.integers(0, 40))
def test_a_payload_is_cut_to_whole_characters_and_says_so(text: str, most: int) -> None:
    payload = json.dumps([text], ensure_ascii=False).encode(errors="surrogatepass")
    found, cut = Redaction(frozenset(), most).shown(payload)
    assert len(found.encode()) <= most
    assert cut or json.loads(found) == [text] or found.startswith("(")


def test_nothing_is_shown_of_what_would_only_be_redacted_past_the_cut() -> None:
    """Values are replaced before the payload is cut, not after."""
    assert "hunter2" not in shown(b'{"a":1,"token":"hunter2"}', Redaction(frozenset({"token"}), 20))


def test_the_environment_names_members_and_the_length() -> None:
    assert redaction({"TRACE_REDACT_KEYS": " Ssn ,,iban", "TRACE_MAX_BYTES": "7"}) == Redaction(
        frozenset({"ssn", "iban"}), 7
    )


@pytest.mark.parametrize("blank", ["", " ", ",", None])
def test_without_names_the_usual_ones_are_redacted(blank: str | None) -> None:
    env = {} if blank is None else {"TRACE_REDACT_KEYS": blank}
    assert {"password", "secret", "token", "key", "apikey", "api_key"} <= redaction(env).keys


@pytest.mark.parametrize("length", ["many", "-1", "1e9", "٣", "99999999999", "1.5"])
def test_a_length_that_is_no_number_is_told_and_does_not_count(length: str, caplog: pytest.LogCaptureFixture) -> None:
    assert redaction({"TRACE_MAX_BYTES": length}).max_bytes == MAX_BYTES
    assert "TRACE_MAX_BYTES" in caplog.text
    assert length not in caplog.text


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR", "nonsense"])
def test_there_is_no_payload_log_below_trace(level: str, loggers: None) -> None:
    configure_logging(level, io.StringIO())
    assert payload_log({}) is None


async def payloads(headers: dict[str, str] | None, body: bytes, path: str = "/topics/orders") -> list[dict[str, Any]]:
    """The payload lines of one post through a gateway."""
    stream = io.StringIO()
    configure_logging("TRACE", stream)
    bench = Bench()
    log = payload_log({"TRACE_MAX_BYTES": "40"})
    assert log is not None
    await bench.ask("POST", path, body, headers=headers)
    for trail in bench.trails.all:
        log.finished(trail)
    assert TOKENS.token("tester")[:20] not in stream.getvalue()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def bearer() -> dict[str, str]:
    return {"authorization": f"Bearer {TOKENS.token('tester')}"}


async def test_a_post_leaves_its_payload(loggers: None) -> None:
    (line,) = await payloads({**bearer(), "x-correlation-id": "c-1", "idempotency-key": "e-1"}, b' {"a":1,"key":7} ')
    line.pop("time")
    assert line == {
        "level": "TRACE",
        "logger": "eventgate.payload",
        "message": "payload",
        "topic": "orders",
        "event_id": "e-1",
        "correlation_id": "c-1",
        "payload": f'{{"a":1,"key":"{REDACTED}"}}',
        "payload_bytes": 15,
        "cut": False,
    }


@pytest.mark.parametrize(
    ("media", "path"),
    [
        ("application/json", "/topics/orders"),
        ("application/json", "/topics/orders/validate"),
        ("application/x-ndjson", "/topics/orders"),
        ("application/x-ndjson", "/topics/orders/validate"),
    ],
)
async def test_a_payload_that_is_refused_is_logged_and_a_long_one_says_that_it_was_cut(
    loggers: None, media: str, path: str
) -> None:
    (line,) = await payloads({**bearer(), "content-type": media}, b'{"b":"%s"}' % (b"x" * 100), path)
    assert line["message"] == "payload, cut"
    assert line["cut"] is True
    assert len(line["payload"]) == 40
    assert line["payload_bytes"] == 108


async def test_nothing_is_logged_of_who_is_not_authenticated(loggers: None) -> None:
    """Their body is not even read."""
    assert await payloads(None, b'{"a":1}') == []
    assert await payloads({"authorization": "Bearer x.y.z"}, b'{"a":1}') == []


def test_a_request_without_a_body_has_no_payload_line(loggers: None) -> None:
    stream = io.StringIO()
    configure_logging("TRACE", stream)
    log = payload_log({})
    assert log is not None
    log.finished(Trail("GET", "/api", "c-1", 200))
    assert stream.getvalue() == ""
    assert logging.getLogger("eventgate.payload").isEnabledFor(5)
