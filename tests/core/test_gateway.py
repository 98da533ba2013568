"""Routes, and what every answer has."""

from __future__ import annotations

import uuid

import pytest

from eventgate.core.cors import Cors
from eventgate.core.model import Response
from tests.core.gateway_support import SCHEMA, TOKENS, Bench, error, said


def header(response: Response, name: bytes) -> bytes | None:
    return dict(response.headers).get(name)


async def test_topics_are_listed_by_name_and_broken_ones_are_not() -> None:
    assert said(await Bench().ask("GET", "/topics")) == ["orders", "other"]


async def test_a_topics_schema_is_shown_as_it_was_written() -> None:
    answer = await Bench().ask("GET", "/topics/ORDERS")
    assert (answer.status, answer.body, header(answer, b"content-type")) == (200, SCHEMA, b"application/json")


@pytest.mark.parametrize(("path", "status"), [("/topics/nope", 404), ("/topics/broken", 503)])
async def test_a_topic_that_is_not_there_and_one_that_is_broken_differ(path: str, status: int) -> None:
    answer = await Bench().ask("GET", path)
    assert (answer.status, error(answer)["type"]) == (status, "topic")


async def test_an_unknown_path_is_404_and_another_method_405() -> None:
    assert error(await Bench().ask("GET", "/nope"))["type"] == "route"
    answer = await Bench().ask("PUT", "/topics/nope")
    assert (answer.status, error(answer)["type"], header(answer, b"allow")) == (405, "method", b"GET, HEAD, POST")


async def test_head_is_get_without_the_body() -> None:
    whole, head = await Bench().ask("GET", "/topics"), await Bench().ask("HEAD", "/topics")
    assert (head.status, head.body) == (200, b"")
    assert header(head, b"content-length") == str(len(whole.body)).encode()


async def test_token_leads_to_the_provider_where_there_is_one() -> None:
    answer = await Bench(token_url="https://sso.example/login").ask("GET", "/token")
    assert (answer.status, header(answer, b"location")) == (303, b"https://sso.example/login")
    assert error(await Bench().ask("GET", "/token"))["type"] == "route"
    assert (await Bench().ask("POST", "/token")).status == 404


async def test_a_ready_gate_says_so_and_another_says_why_not() -> None:
    assert (await Bench().ask("GET", "/readyz")).status == 200
    answer = await Bench(ready="the gate is draining").ask("GET", "/readyz")
    assert (answer.status, error(answer)) == (503, {"type": "unavailable", "message": "the gate is draining"})
    assert (await Bench(ready="the gate is draining").ask("GET", "/livez")).status == 200


async def test_the_operators_own_description_is_served_as_it_is() -> None:
    answer = await Bench(api_document=b"openapi: 3.1.0\n").ask("GET", "/api")
    assert (answer.body, header(answer, b"content-type")) == (b"openapi: 3.1.0\n", b"application/yaml")


async def test_the_description_is_made_once_for_each_policy() -> None:
    bench = Bench()
    first, second = await bench.ask("GET", "/api"), await bench.ask("GET", "/api")
    assert first.body is second.body
    assert "/topics/orders" in said(first)["paths"]


async def test_terminate_is_nowhere_unless_someone_may() -> None:
    assert error(await Bench().ask("POST", "/terminate"))["type"] == "route"
    assert (await Bench().ask("GET", "/terminate")).status == 404


async def test_terminate_is_for_the_subjects_named_and_nowhere_for_others() -> None:
    bench = Bench(terminators=frozenset({"admin"}))
    assert (await bench.ask("POST", "/terminate")).status == 401
    assert (await bench.ask("POST", "/terminate", token=TOKENS.token("tester"))).status == 404
    assert bench.terminated == 0
    answer = await bench.ask("POST", "/terminate", token=TOKENS.token("admin"))
    assert (answer.status, bench.terminated) == (202, 1)
    assert said(answer) == {"success": True, "statusCode": 202}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-correlation-id": "abc"}, "abc"),
        ({"x-request-id": "def"}, "def"),
        ({"x-correlation-id": "a b", "x-request-id": "def"}, "def"),
        ({"x-correlation-id": "a" * 129}, "gateway-1"),
        ({}, "gateway-1"),
    ],
)
async def test_the_first_good_correlation_id_comes_back(headers: dict[str, str], expected: str) -> None:
    answer = await Bench().ask("GET", "/nope", request_id="gateway-1", headers=headers)
    assert header(answer, b"x-correlation-id") == expected.encode()


async def test_without_any_correlation_id_a_new_one_is_made() -> None:
    value = header(await Bench().ask("GET", "/livez"), b"x-correlation-id")
    assert value is not None
    assert uuid.UUID(value.decode())


async def test_too_many_header_bytes_are_431_before_any_token_is_looked_at() -> None:
    answer = await Bench().ask("POST", "/topics/orders", headers={"x-big": "a" * 40_000})
    assert (answer.status, error(answer)["type"]) == (431, "headers")


async def test_pages_of_configured_origins_may_read_answers_and_ask_beforehand() -> None:
    bench = Bench(cors=Cors(("https://a.example",)))
    answer = await bench.ask("GET", "/topics", headers={"origin": "https://a.example"})
    assert header(answer, b"access-control-allow-origin") == b"https://a.example"
    asked = {"origin": "https://a.example", "access-control-request-method": "POST"}
    preflight = await bench.ask("OPTIONS", "/topics/orders", headers=asked)
    assert (preflight.status, header(preflight, b"access-control-allow-methods")) == (204, b"GET, HEAD, POST")
    assert (await bench.ask("OPTIONS", "/topics/orders")).status == 405


async def test_every_request_leaves_one_trail() -> None:
    bench = Bench()
    await bench.post(b'{"a":1}', headers={"x-correlation-id": "c1"})
    await bench.ask("GET", "/nope")
    posted, lost = bench.trails.all
    assert (posted.route, posted.status, posted.topic, posted.subject) == ("/topics/{topic}", 202, "orders", "tester")
    assert posted.correlation_id == "c1"
    assert posted.event_id
    assert posted.results.keys() == {"recording"}
    assert (lost.route, lost.status, lost.problems[0].type) == ("", 404, "route")
