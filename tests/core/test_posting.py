"""The course of a posted event: the order of the checks, the event id, the writers and the answer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import pytest

from eventgate.core.limits import Limits
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter
from tests.core.gateway_support import TOKENS, Bench, error, said


async def test_an_accepted_event_reaches_the_writer_as_the_bytes_that_were_sent() -> None:
    writer = RecordingWriter()
    answer = await Bench(writer).post(
        b' {"a": 12345678901234567890123, "b": 1.10}\n', headers={"idempotency-key": "k1"}
    )
    assert answer.status == 202
    assert said(answer) == {
        "success": True,
        "statusCode": 202,
        "event_id": "k1",
        "writers": {"recording": {"outcome": "delivered", "index": 0}},
    }
    (event,) = writer.events
    assert event.body == b'{"a": 12345678901234567890123, "b": 1.10}'
    assert (event.topic, event.subject, event.event_id) == ("orders", "tester", "k1")


# Each case has everything wrong that comes later in the order, too.
ORDER = [
    ({"path": "/nope", "token": None, "body": b"x" * 200, "media": "text/html"}, 404, "route", None),
    ({"method": "PUT", "path": "/topics/nope", "token": None}, 405, "method", None),
    ({"path": "/topics/nope", "token": None, "body": b"x" * 200, "media": "text/html"}, 401, "auth", "missing"),
    ({"path": "/topics/nope", "sub": "stranger", "body": b"x" * 200, "media": "text/html"}, 404, "topic", None),
    ({"path": "/topics/broken", "sub": "stranger", "body": b"x" * 200, "media": "text/html"}, 503, "topic", None),
    ({"sub": "stranger", "body": b"x" * 200, "media": "text/html"}, 413, "size", None),
    ({"sub": "stranger", "body": b"x", "media": "text/html"}, 415, "media", None),
    ({"sub": "stranger", "body": b"x"}, 403, "auth", "not_listed"),
    ({"sub": "Tester", "body": b"x"}, 403, "auth", "case_differs"),
    ({"sub": "bound", "body": b"x"}, 400, "json", None),
    ({"sub": "bound", "body": b'{"t":"nope"}'}, 403, "permission", "field"),
    ({"sub": "bound", "body": b'{"t":"x1"}'}, 400, "validation", None),
    ({"sub": "bound", "body": b'{"t":"x1","a":1}', "idempotency_key": "\t"}, 400, "validation", None),
    ({"sub": "bound", "body": b"x", "ce-id": "%00"}, 400, "json", None),
    ({"sub": "bound", "body": b'{"t":"nope"}', "ce-id": "%00"}, 403, "permission", "field"),
    ({"sub": "bound", "body": b'{"t":"x1","a":1}', "ce-id": "%00"}, 400, "validation", None),
    ({"sub": "bound", "body": b'{"t":"x1","a":1}'}, 400, "recording", None),
]


@pytest.mark.parametrize(("request_", "status", "type_", "reason"), ORDER)
async def test_checks_come_in_their_order(
    request_: dict[str, object], status: int, type_: str, reason: str | None
) -> None:
    writer = RecordingWriter(refusal=Unacceptable("no"))
    bench = Bench(writer, limits=Limits(max_body_bytes=100))
    sub = str(request_.get("sub", "tester"))
    body = request_.get("body", b"")
    assert isinstance(body, bytes)
    headers = {"content-type": str(request_.get("media", "application/json"))}
    if "idempotency_key" in request_:
        headers["idempotency-key"] = str(request_["idempotency_key"])
    if "ce-id" in request_:
        headers |= {"ce-specversion": "1.0", "ce-source": "s", "ce-type": "t", "ce-id": str(request_["ce-id"])}
    answer = await bench.ask(
        str(request_.get("method", "POST")),
        str(request_.get("path", "/topics/orders")),
        body,
        token=None if "token" in request_ else TOKENS.token(sub),
        headers=headers,
    )
    told = error(answer)
    assert (answer.status, told["type"], told.get("reason")) == (status, type_, reason)
    assert writer.events == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1,"id":"x-1"}', "x-1"),
        (b'{"a":1,"id":-7}', "-7"),
        (b'{"a":1,"id":-0}', "0"),
        (b'{"a":1,"id":12345678901234567890}', "12345678901234567890"),
    ],
)
async def test_the_events_own_id_comes_before_the_header(body: bytes, expected: str) -> None:
    answer = await Bench(event_id="/id").post(body, headers={"idempotency-key": "from-header"})
    assert said(answer)["event_id"] == expected


@pytest.mark.parametrize(
    "value",
    [b"null", b"true", b"1.5", b"1.0", b"-0.0", b"1e3", b"[]", b"{}", b'""', b'"a\\u0000b"', b'"%s"' % (b"x" * 256)],
)
async def test_an_event_id_of_another_kind_is_refused_with_its_place(value: bytes) -> None:
    answer = await Bench(event_id="/id").post(b'{"a":1,"id":%s}' % value)
    assert (answer.status, error(answer)["pointer"]) == (400, "/id")


async def test_without_an_own_id_the_header_counts_and_without_both_a_new_one_is_made() -> None:
    bench = Bench(event_id="/id")
    assert said(await bench.post(headers={"idempotency-key": "h1"}))["event_id"] == "h1"
    assert uuid.UUID(said(await bench.post())["event_id"]).version == 7


async def test_a_required_writer_that_did_not_take_the_event_makes_500_and_says_what_each_did() -> None:
    good, bad = RecordingWriter("good"), FailingWriter("bad", reason="no space")
    answer = await Bench(good, bad).post(headers={"idempotency-key": "k"})
    assert answer.status == 500
    assert said(answer) == {
        "success": False,
        "statusCode": 500,
        "errors": [{"type": "bad", "message": "bad: failed: no space"}],
        "event_id": "k",
        "writers": {"good": {"outcome": "delivered", "index": 0}, "bad": {"outcome": "failed", "reason": "no space"}},
    }


async def test_an_optional_writer_that_failed_or_objects_leaves_202() -> None:
    good, bad = RecordingWriter("good"), FailingWriter("bad", outcome=Outcome.UNKNOWN, reason=None)
    objecting = RecordingWriter("objecting", refusal=Unacceptable("no NUL", pointer="/a"))
    answer = await Bench(good, bad, objecting, optional=("bad", "objecting")).post()
    assert answer.status == 202
    assert said(answer)["writers"] == {
        "good": {"outcome": "delivered", "index": 0},
        "bad": {"outcome": "unknown"},
        "objecting": {"outcome": "refused", "reason": "no NUL", "pointer": "/a"},
    }
    assert objecting.events == []


async def test_what_a_required_sink_can_never_take_is_refused_before_any_writer_runs() -> None:
    good, picky = RecordingWriter("good"), RecordingWriter("picky", refusal=Unacceptable("no NUL", pointer="/a"))
    answer = await Bench(good, picky).post()
    assert (answer.status, error(answer)) == (400, {"type": "picky", "message": "no NUL", "pointer": "/a"})
    assert good.events == []
    small = RecordingWriter("small", refusal=Unacceptable("larger than 10 bytes", too_large=True))
    assert (await Bench(small).post()).status == 413


async def test_the_place_of_an_objection_names_only_members_that_the_schema_declares() -> None:
    body = b'{"a":1,"secret":["x",{"t":"y"}],"t":"z"}'
    for pointer, shown in (("/secret/1/t", "/*/1/t"), ("/t", "/t"), ("/nowhere/0", "/*/*"), ("", "")):
        required = RecordingWriter("picky", refusal=Unacceptable("no", pointer=pointer))
        answer = await Bench(required).post(body)
        assert error(answer)["pointer"] == shown
        optional = await Bench(RecordingWriter("good"), required, optional=("picky",)).post(body)
        assert said(optional)["writers"]["picky"]["pointer"] == shown


async def test_validate_says_the_same_and_writes_nothing() -> None:
    writer = RecordingWriter()
    bench = Bench(writer)
    answer = await bench.post(path="/topics/orders/validate")
    assert (answer.status, said(answer)) == (200, {"success": True, "statusCode": 200, "valid": True})
    for body in (b"x", b"{}"):
        posted, tried = await bench.post(body), await bench.post(body, path="/topics/orders/validate")
        assert (posted.status, posted.body) == (tried.status, tried.body)
    assert writer.events == []


async def test_more_than_may_be_in_flight_is_told_to_come_back() -> None:
    writer = SlowWriter()
    bench = Bench(writer, limits=Limits(max_in_flight=1))
    first = asyncio.create_task(bench.post())
    await writer.started.wait()
    answer = await bench.post()
    assert (answer.status, error(answer)["type"]) == (503, "overload")
    assert (b"retry-after", b"1") in answer.headers
    writer.release.set()
    assert (await first).status == 202
    assert (await bench.post()).status == 202


async def test_a_subject_past_its_rate_is_429() -> None:
    bench = Bench(limits=Limits(requests_per_second_per_subject=0.5))
    assert (await bench.post()).status == 202
    answer = await bench.post()
    assert (answer.status, error(answer)["type"]) == (429, "overload")


async def test_the_hosts_deadline_counts_if_it_is_sooner() -> None:
    loop = asyncio.get_running_loop()
    bench = Bench(SlowWriter())
    answer = await bench.ask("POST", "/topics/orders", b'{"a":1}', token=TOKENS.token(), deadline=loop.time() + 0.01)
    assert (answer.status, said(answer)["writers"]["slow"]["outcome"]) == (500, "unknown")


async def test_without_keys_nobody_is_let_in_and_nobody_is_called_a_forger() -> None:
    bench = Bench()
    bench.key_document = b"{}"
    answer = await bench.post()
    assert (answer.status, error(answer)["type"]) == (503, "unavailable")


class DefectiveWriter(RecordingWriter):
    """Gives results that no answer can be made of."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        return [WriteResult(Outcome.DELIVERED, {"secret": object()})]  # type: ignore[dict-item]  # the defect


async def test_a_defect_is_500_internal_and_is_not_described() -> None:
    bench = Bench(DefectiveWriter())
    answer = await bench.post()
    assert (answer.status, error(answer)["type"]) == (500, "internal")
    assert b"secret" not in answer.body
    assert b"object" not in answer.body
    assert isinstance(bench.trails.all[-1].defect, TypeError)


async def test_a_receipt_is_ignored_aloud_while_receipts_are_off() -> None:
    answer = await Bench().post(headers={"eventgate-receipt": "r1"})
    assert (answer.status, said(answer)["receipt_status"]) == (202, "ignored")
