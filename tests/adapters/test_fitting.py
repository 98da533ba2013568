"""Answers that are larger than Lambda, or what invokes it, passes on."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from eventgate.adapters.invocations import read_invocation
from eventgate.adapters.invocations.fitting import fitting
from eventgate.core.limits import LAMBDA_ANSWER_BYTES
from eventgate.core.model import Response
from tests.deployment import Deployment, deployment

REST: dict[str, Any] = {"httpMethod": "GET", "path": "/"}
HTTP_API: dict[str, Any] = {"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}}
BALANCER: dict[str, Any] = {**REST, "requestContext": {"elb": {}}}
EVENLY = b"x" * 7_000_000
NOISE = random.Random(1).randbytes(800_000).hex().encode()  # noqa: S311  nothing is hidden by it
"""1,600,000 bytes that gzip makes half as small."""


def answered(invocation: dict[str, Any], body: bytes, coding: str | None = None, status: int = 200) -> dict[str, Any]:
    headers = {} if coding is None else {"Accept-Encoding": coding}
    http = read_invocation({**invocation, "headers": headers})
    response = Response(status, ((b"content-type", b"text/plain"), (b"x-correlation-id", b"c-1")), body)
    return dict(http.answer(fitting(http, response)))


def refused(answer: dict[str, Any]) -> tuple[object, object]:
    assert len(json.dumps(answer)) < 1_000_000
    assert answer["headers"]["X-Correlation-ID"] == "c-1"
    assert answer["headers"]["Content-Type"] == "application/json"
    (problem,) = json.loads(answer["body"])["errors"]
    return answer["statusCode"], problem["type"]


@pytest.mark.parametrize("invocation", [HTTP_API, BALANCER])
@pytest.mark.parametrize("coding", ["gzip, br", "br;q=0.5 , GZIP;q=0.1", "deflate,gzip;q=1.0"])
def test_an_answer_that_is_too_large_is_pressed_for_who_can_read_that(invocation: dict[str, Any], coding: str) -> None:
    answer = answered(invocation, EVENLY, coding)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert (answer["headers"]["Content-Encoding"], answer["headers"]["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(base64.b64decode(answer["body"])) == EVENLY


@pytest.mark.parametrize("invocation", [HTTP_API, BALANCER, REST])
@pytest.mark.parametrize("coding", [None, "br", "*", "gzip;q=0", "gzip; q=0.000", "identity, notgzip"])
def test_for_all_others_it_is_a_503_that_says_what_is_wrong(invocation: dict[str, Any], coding: str | None) -> None:
    assert refused(answered(invocation, EVENLY, coding)) == (503, "configuration")


def test_a_rest_api_would_hand_out_base64_so_nothing_is_pressed_for_it() -> None:
    assert refused(answered(REST, EVENLY, "gzip")) == (503, "configuration")


def test_a_post_may_have_been_delivered_and_is_a_413_that_says_so() -> None:
    answer = answered({**REST, "httpMethod": "POST"}, EVENLY, status=202)
    assert refused(answer) == (413, "size")
    assert "may have been delivered" in answer["body"]


def test_what_stays_too_large_when_pressed_is_refused_too() -> None:
    """Base64 takes a third more than the bytes."""
    assert refused(answered(BALANCER, NOISE, "gzip")) == (503, "configuration")


@pytest.mark.parametrize("invocation", [HTTP_API, REST])
def test_what_fits_to_the_last_byte_is_passed_on_as_it_is(invocation: dict[str, Any]) -> None:
    """The quotes of the answer's own JSON, and what it escapes, count."""
    frame = len(json.dumps(answered(invocation, b"")))
    assert answered(invocation, b"x" * (LAMBDA_ANSWER_BYTES - frame), "gzip")["isBase64Encoded"] is False
    assert refused(answered(invocation, b"x" * (LAMBDA_ANSWER_BYTES - frame + 1)))[0] == 503
    assert refused(answered(invocation, b'"' * (LAMBDA_ANSWER_BYTES // 2)))[0] == 503
    assert refused(answered(invocation, b"\xff" * (LAMBDA_ANSWER_BYTES // 4 * 3)))[0] == 503


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[tuple[Environment, Deployment]]:
    with deployment(tmp_path) as site:
        site.topic("runs", {"description": "x" * 6_500_000})
        made = Environment({"CONF_DIR": str(site.conf)})
        yield made, site
        made.close()


def test_a_schema_that_is_too_large_to_be_shown_is_told_and_nothing_else_suffers(
    environment: tuple[Environment, Deployment], capsys: pytest.CaptureFixture[str]
) -> None:
    gate, site = environment
    for path in ("/topics/runs", "/api"):
        answer = gate.answer({"httpMethod": "GET", "path": path, "requestContext": {"requestId": "r-1"}}, None)
        assert answer["statusCode"] == 503
        assert answer["headers"]["X-Correlation-ID"] == "r-1"  # type: ignore[index]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line["message"] for line in lines if line["logger"] == "eventgate.lambda"]
    assert [message.partition(", ")[2] for message in told] == ["more than Lambda or what invoked it passes on"] * 2
    headers = {"Authorization": site.bearer()}
    post = {"httpMethod": "POST", "path": "/topics/runs", "headers": headers, "body": "{}"}
    assert gate.answer(post, None)["statusCode"] == 202


def test_what_is_pressed_already_is_not_pressed_again() -> None:
    http = read_invocation({**BALANCER, "headers": {"accept-encoding": "gzip"}})
    pressed = Response(200, ((b"content-encoding", b"gzip"), (b"x-correlation-id", b"c-1")), b"\x1f" * 1_000_000)
    assert refused(dict(http.answer(fitting(http, pressed)))) == (503, "configuration")


def test_the_styles_and_scripts_of_others_go_pressed_except_through_a_rest_api(
    environment: tuple[Environment, Deployment],
) -> None:
    """An API of that kind presses by itself, and would hand out base64."""
    path = "/assets/swagger-ui-bundle.js"
    headers = {"headers": {"Accept-Encoding": "gzip"}}
    plain = environment[0].answer({"httpMethod": "GET", "path": path, **headers}, None)
    http = {"version": "2.0", "rawPath": path, "requestContext": {"http": {"method": "GET"}}, **headers}
    pressed = environment[0].answer(http, None)
    assert (plain["isBase64Encoded"], pressed["isBase64Encoded"]) == (False, True)
    assert gzip.decompress(base64.b64decode(str(pressed["body"]))).decode() == plain["body"]
