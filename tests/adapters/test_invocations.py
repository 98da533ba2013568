"""Reading invocations of every shape, and of none."""

from __future__ import annotations

import asyncio
import base64
import gzip
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.adapters.invocations import HttpInvocation, read_invocation
from eventgate.core import routes
from eventgate.core.model import Response
from eventgate.errors import BodyTooLarge, InvalidJson

ANSWER = Response(
    405, ((b"allow", b"GET"), (b"vary", b"A"), (b"vary", b"B"), (b"x-correlation-id", b"c")), b'"\xc3\xa9"'
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = (
    "body", "cookies", "headers", "httpMethod", "isBase64Encoded", "multiValueHeaders", "path", "pathParameters",
    "rawPath", "requestContext", "resource", "routeKey", "version",
)  # fmt: skip
contexts = st.dictionaries(
    st.sampled_from(["elb", "http", "requestId", "stage", "path"]),
    json_values | st.dictionaries(st.sampled_from(["method", "path"]), json_values),
)
invocations = st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, json_values) | {"requestContext": contexts})


def body_of(http: HttpInvocation, limit: int = 1000) -> bytes:
    async def read() -> bytes:
        return await http.body(limit)

    return asyncio.run(read())


def rest(**members: Any) -> HttpInvocation:
    return read_invocation({"httpMethod": "POST", **members})


def test_the_notebooks_invocation_is_a_request() -> None:
    http = read_invocation({"resource": "/topics", "httpMethod": "GET"})
    assert (http.method, http.paths, http.headers) == ("GET", ("/topics",), ())
    assert body_of(http) == b""


@pytest.mark.parametrize(
    "invocation",
    [None, [], 7, "text", {}, {"foo": 1}, {"source": "aws.events", "version": "0", "detail-type": "Scheduled Event"}],
)
def test_what_is_no_request_is_read_as_one_that_no_route_serves(invocation: object) -> None:
    """A scheduled warm-up is answered in the form of payload version 1.0."""
    http = read_invocation(invocation)
    assert http.method == "GET"
    assert not any(routes.knows(path) for path in http.paths)
    assert http.answer(ANSWER)["multiValueHeaders"]


@given(invocations | json_values)
def test_no_invocation_whatever_is_too_odd(invocation: object) -> None:
    """It has paths that start with a slash, lower-case header names, and a form for its answer."""
    http = read_invocation(invocation)
    assert http.paths
    assert all(path.startswith("/") for path in http.paths)
    assert all(name == name.lower() for name, _ in http.headers)
    assert http.answer(ANSWER)["statusCode"] == 405
    with suppress(InvalidJson, BodyTooLarge):
        assert isinstance(body_of(http), bytes)


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"path": "/topics/runs"}, ("/topics/runs",)),
        ({"resource": "/topics", "path": "/base/topics"}, ("/topics", "/base/topics")),
        (
            {"resource": "/topics/{topic_name}", "path": "/v1/topics/runs", "pathParameters": {"topic_name": "runs"}},
            ("/topics/runs", "/v1/topics/runs"),
        ),
        (
            {"resource": "/topics/{t}", "pathParameters": {"t": "runs"}},
            ("/topics/runs",),
        ),
        ({"resource": "/topics/{t}", "path": "/topics/runs", "pathParameters": None}, ("/topics/runs",)),
        ({"resource": "/topics/{t}", "pathParameters": {"t": None}}, ("/",)),
        (
            {"resource": "/{proxy+}", "path": "/stage/topics/runs", "pathParameters": {"proxy": "topics/runs"}},
            ("/topics/runs", "/stage/topics/runs"),
        ),
        (
            {"resource": "/gate/{proxy+}", "path": "/gate/topics", "pathParameters": {"proxy": "topics"}},
            ("/gate/topics", "/topics"),
        ),
        (
            {"resource": "$default", "path": "/prod/topics", "requestContext": {"stage": "prod"}},
            ("/topics", "/prod/topics"),
        ),
        ({"path": "/production", "requestContext": {"stage": "prod"}}, ("/production",)),
        ({"path": "/prod", "requestContext": {"stage": "prod"}}, ("/", "/prod")),
        ({"path": "/topics/stra%C3%9Fe"}, ("/topics/straße",)),
        ({"path": "/topics/100%2525"}, ("/topics/100%25",)),
        ({"path": None, "resource": None}, ("/",)),
    ],
)
def test_rest_paths_come_without_stage_and_base_path_first(members: dict[str, Any], paths: tuple[str, ...]) -> None:
    """What is a prefix only the route table can tell, so all that it may be is offered, decoded once."""
    assert rest(**members).paths == paths


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"rawPath": "/topics/runs"}, ("/topics/runs",)),
        ({"rawPath": "/prod/topics", "stage": "prod"}, ("/topics", "/prod/topics")),
        ({"rawPath": "/topics", "stage": "$default"}, ("/topics",)),
        ({"rawPath": "/v1/topics", "routeKey": "GET /topics"}, ("/topics", "/v1/topics")),
        ({"routeKey": "ANY /{proxy+}", "pathParameters": {"proxy": "topics/a"}, "rawPath": "/x"}, ("/topics/a", "/x")),
    ],
)
def test_http_api_paths_come_without_stage_and_base_path_first(members: dict[str, Any], paths: tuple[str, ...]) -> None:
    stage = members.pop("stage", None)
    context = {"http": {"method": "GET"}, "stage": stage, "requestId": "r-1"}
    http = read_invocation({"version": "2.0", "requestContext": context, **members})
    assert (http.method, http.paths, http.request_id) == ("GET", paths, "r-1")


def test_header_names_are_lower_case_and_nulls_are_left_out() -> None:
    http = rest(headers={"Content-Type": " application/json ", "X-None": None, "X-Eé": "ž"}, multiValueHeaders=None)
    assert http.headers == ((b"content-type", b"application/json"), (b"x-e\xc3\xa9", b"\xc5\xbe"))


def test_of_both_header_forms_the_one_with_every_value_counts() -> None:
    """A header that only the single form has is not lost."""
    http = rest(headers={"bearer": "b", "Other": "o"}, multiValueHeaders={"Bearer": ["a", "b"], "None": None})
    assert http.headers == ((b"bearer", b"a"), (b"bearer", b"b"), (b"other", b"o"))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": "Bearer a,Bearer b"}, [b"Bearer a", b"Bearer b"]),
        ({"authorization": "Bearer a, Basic b"}, [b"Bearer a", b"Basic b"]),
        ({"authorization": "AWS4-HMAC-SHA256 A=a, B=b"}, [b"AWS4-HMAC-SHA256 A=a, B=b"]),
        ({"bearer": "a,b"}, [b"a", b"b"]),
        ({"accept": "a, b"}, [b"a, b"]),
    ],
)  # fmt: skip
def test_credentials_that_payload_2_joined_are_taken_apart(headers: dict[str, str], expected: list[bytes]) -> None:
    """Two tokens must be seen as two, whatever joined them on the way."""
    http = read_invocation({"version": "2.0", "headers": headers})
    assert [value for _, value in http.headers] == expected


def test_cookies_of_payload_2_are_one_header() -> None:
    assert read_invocation({"version": "2.0", "cookies": ["a=1", "b=2"]}).headers == ((b"cookie", b"a=1; b=2"),)


def test_a_text_body_is_its_utf_8_bytes() -> None:
    assert body_of(rest(body='{"a":"é"}')) == b'{"a":"\xc3\xa9"}'


def test_a_base64_body_is_decoded_and_measured_decoded() -> None:
    content = bytes(range(256))
    encoded = base64.b64encode(content).decode()
    assert body_of(rest(body=encoded, isBase64Encoded=True), limit=256) == content
    with pytest.raises(BodyTooLarge):
        body_of(rest(body=encoded, isBase64Encoded=True), limit=255)


def test_a_large_base64_body_is_refused_undecoded() -> None:
    with pytest.raises(BodyTooLarge):
        body_of(rest(body="!" * 10_000, isBase64Encoded=True))


@pytest.mark.parametrize("body", ["!!!!", "YQ", "YQ==\n", "é", "YQ=a"])
def test_broken_base64_is_no_json(body: str) -> None:
    with pytest.raises(InvalidJson):
        body_of(rest(body=body, isBase64Encoded=True))


def test_a_gzip_body_that_api_gateway_has_decompressed_is_not_called_gzip_any_more() -> None:
    """REST APIs decompress it and leave the header; a body that comes as gzip keeps it."""
    gzipped = base64.b64encode(gzip.compress(b"{}")).decode()
    for member, value in (("headers", "gzip"), ("multiValueHeaders", ["gzip"])):
        headers = {member: {"Content-Encoding": value}}
        for body, is_base64, kept in (("{}", False, False), ("e30=", True, False), (gzipped, True, True)):
            http = rest(body=body, isBase64Encoded=is_base64, **headers)
            assert ((b"content-encoding", b"gzip") in http.headers) is kept
    zstd = rest(body="KLUv/Q==", isBase64Encoded=True, headers={"Content-Encoding": "zstd"})
    assert (b"content-encoding", b"zstd") in zstd.headers


@pytest.mark.parametrize("members", [{}, {"body": None}, {"body": None, "isBase64Encoded": True}, {"body": ""}])
def test_no_body_is_an_empty_one(members: dict[str, Any]) -> None:
    assert body_of(rest(**members)) == b""


def test_a_body_that_is_an_object_is_no_json_text() -> None:
    with pytest.raises(InvalidJson):
        body_of(rest(body={"a": 1}))


def test_a_rest_answer_has_both_header_forms() -> None:
    assert rest().answer(ANSWER) == {
        "statusCode": 405,
        "headers": {"Allow": "GET", "Vary": "A, B", "X-Correlation-ID": "c"},
        "multiValueHeaders": {"Allow": ["GET"], "Vary": ["A", "B"], "X-Correlation-ID": ["c"]},
        "body": '"é"',
        "isBase64Encoded": False,
    }


def test_a_payload_2_answer_has_one_value_a_header() -> None:
    answer = read_invocation({"version": "2.0"}).answer(ANSWER)
    assert answer["headers"] == {"Allow": "GET", "Vary": "A, B", "X-Correlation-ID": "c"}
    assert "multiValueHeaders" not in answer


@pytest.mark.parametrize(("form", "other"), [("headers", "multiValueHeaders"), ("multiValueHeaders", "headers")])
def test_a_load_balancer_is_answered_in_the_header_form_it_sent(form: str, other: str) -> None:
    invocation = {"httpMethod": "GET", "path": "/livez", "requestContext": {"elb": {"targetGroupArn": "t"}}, form: {}}
    answer = read_invocation(invocation).answer(ANSWER)
    assert answer["statusDescription"] == "405 Method Not Allowed"
    assert form in answer
    assert other not in answer


def test_a_body_that_is_no_text_is_answered_in_base64() -> None:
    answer = rest().answer(Response(200, (), b"\xff\x00"))
    assert (answer["body"], answer["isBase64Encoded"]) == ("/wA=", True)
