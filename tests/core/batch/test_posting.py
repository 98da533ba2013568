"""The course of a posted batch: what concerns all of it, and a result for every item."""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.limits import Limits
from eventgate.core.model import Event, Outcome, Response, Unacceptable, WriteResult
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter
from tests.core.gateway_support import TOKENS, Bench, error, said

NDJSON = {"content-type": "application/x-ndjson"}
CLOUDEVENTS = {"content-type": "application/cloudevents-batch+json"}
GOOD, BAD, WORSE = b'{"a":1}', b'{"a":"x"}', b"nope"


async def send(bench: Bench, *lines: bytes, **headers: str) -> Response:
    """The answer to a batch of lines."""
    return await bench.post(
        b"\n".join(lines), headers=NDJSON | {name.replace("_", "-"): v for name, v in headers.items()}
    )


def cloudevent(event_id: str, **changes: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": "s", "type": "t", "data": {"a": 1}} | changes


def results(answer: Response) -> list[dict[str, Any]]:
    """The results, after a look at what holds for all of them."""
    body = said(answer)
    found: list[dict[str, Any]] = body["results"]
    statuses = {result["status"] for result in found}
    assert answer.status == body["statusCode"] == (statuses.pop() if len(statuses) == 1 else 207)
    assert [result["index"] for result in found] == list(range(len(found)))
    assert body["success"] is (answer.status in (200, 202))
    assert ("errors" in body) is (answer.status >= 400)
    return found


async def test_a_batch_that_is_good_is_202_with_a_result_for_each() -> None:
    writer = RecordingWriter()
    answer = await send(
        Bench(writer, event_id="/t"), b'{"a":1,"t":"x"}', b'{"a": 2,"t":"y"}\r', b"", b'{"a":3,"t":"z"}'
    )
    assert said(answer) == {
        "success": True,
        "statusCode": 202,
        "results": [
            {
                "index": index,
                "status": 202,
                "event_id": event_id,
                "writers": {"recording": {"outcome": "delivered", "index": index}},
                "retryable": False,
                "errors": [],
            }
            for index, event_id in enumerate("xyz")
        ],
    }
    assert [event.body for event in writer.events] == [b'{"a":1,"t":"x"}', b'{"a": 2,"t":"y"}', b'{"a":3,"t":"z"}']
    assert len(writer.groups) == 1


@given(kinds=st.lists(st.sampled_from(["good", "bad", "worse", "large", "refused"]), min_size=1, max_size=12))
def test_results_are_complete_and_in_order_and_bad_items_stop_no_good_ones(kinds: list[str]) -> None:
    bodies = {
        "good": GOOD,
        "bad": BAD,
        "worse": WORSE,
        "large": b'{"a":1,"t":"%b"}' % (b"x" * 100),
        "refused": b'{"a":9}',
    }
    expected = {"good": (202, None), "bad": (400, "validation"), "worse": (400, "json")}
    expected |= {"large": (413, "size"), "refused": (400, "picky")}
    writer = PickyWriter()
    answer = asyncio.run(send(Bench(writer, limits=Limits(max_body_bytes=100)), *(bodies[kind] for kind in kinds)))
    found = results(answer)
    told = [(each["status"], each["errors"][0]["type"] if each["errors"] else None) for each in found]
    assert told == [expected[kind] for kind in kinds]
    assert [each["event_id"] for each in found if each["status"] == 202] == [each.event_id for each in writer.events]
    assert len(writer.events) == kinds.count("good")
    assert not any(each["retryable"] for each in found)


class PickyWriter(RecordingWriter):
    """Takes no event whose `a` is 9."""

    def __init__(self) -> None:
        super().__init__("picky")

    def refuse(self, event: Event) -> Unacceptable | None:
        return Unacceptable("not that one", pointer="/a") if event.document["a"] == 9 else None


class EachItsOwn(RecordingWriter):
    """Gives every event the outcome that it names."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        self.groups.append(tuple(events))
        return [WriteResult(Outcome(event.document["t"])) for event in events]


async def test_only_what_may_succeed_as_it_is_is_retryable() -> None:
    outcomes = ["delivered", "duplicate", "deferred", "conflict", "refused", "failed", "unknown"]
    answer = await send(Bench(EachItsOwn()), *(b'{"a":1,"t":"%b"}' % outcome.encode() for outcome in outcomes))
    assert [(each["status"], each["retryable"]) for each in results(answer)] == [
        (202, False),
        (202, False),
        (202, False),
        (409, False),
        (400, False),
        (500, True),
        (500, True),
    ]


async def test_a_status_that_all_share_is_the_answers_own_with_its_errors() -> None:
    answer = await send(Bench(FailingWriter("bad")), GOOD, GOOD)
    assert answer.status == 500
    assert said(answer)["errors"] == [{"type": "bad", "message": "bad: failed: made to fail"}]
    assert [each["retryable"] for each in results(answer)] == [True, True]
    assert (await send(Bench(), BAD, WORSE)).status == 400


async def test_a_cloudevents_batch_has_its_own_ids_and_bad_ones_stop_no_good_ones() -> None:
    writer = RecordingWriter()
    batch = [cloudevent("c-1"), {"id": "c-2"}, 7, cloudevent("c-3", data={"a": "x"}), cloudevent("c-4")]
    body = json.dumps(batch).encode().replace(b'"c-4"', b'"c-4","x":1,"x":2')
    answer = await Bench(writer, event_id="/t").post(body, headers=CLOUDEVENTS)
    assert [(each["status"], each["event_id"]) for each in results(answer)] == [
        (202, "c-1"),
        (400, None),
        (400, None),
        (400, "c-3"),
        (400, None),
    ]
    assert [event.body for event in writer.events] == [b'{"a": 1}']


async def test_a_cloudevents_id_comes_before_the_topics_pointer_and_the_header() -> None:
    bench = Bench(event_id="/t")
    body = json.dumps(cloudevent("ce", data={"a": 1, "t": "own"})).encode()
    structured = {"content-type": "application/cloudevents+json", "idempotency-key": "key"}
    assert said(await bench.post(body, headers=structured))["event_id"] == "ce"
    binary = {"ce-specversion": "1.0", "ce-id": "c%20e", "ce-source": "s", "ce-type": "t", "idempotency-key": "key"}
    assert said(await bench.post(b'{"a":1,"t":"own"}', headers=binary))["event_id"] == "c e"
    (batched,) = results(await bench.post(b"[" + body + b"]", headers=CLOUDEVENTS | {"idempotency-key": "key"}))
    assert batched["event_id"] == "ce"


async def test_made_ids_follow_from_the_batchs_own_and_the_index() -> None:
    bench = Bench()

    async def ids(**headers: str) -> list[str]:
        return [each["event_id"] for each in results(await send(bench, GOOD, GOOD, GOOD, **headers))]

    first = await ids(idempotency_key="batch-1")
    assert first == await ids(idempotency_key="batch-1")
    others = [*await ids(idempotency_key="batch-2"), *await ids(), *await ids()]
    assert len({*first, *others}) == 12
    assert {uuid.UUID(each).version for each in first} == {8}


@pytest.mark.parametrize(
    ("body", "headers", "status", "type_"),
    [
        (b"", NDJSON, 400, "json"),
        (b"\n \n", NDJSON, 400, "json"),
        (b"[]", CLOUDEVENTS, 400, "json"),
        (b"{}", CLOUDEVENTS, 400, "json"),
        (b"[{]", CLOUDEVENTS, 400, "json"),
        (b"1\n2\n3\n4", NDJSON, 413, "size"),
        (b"[1,2,3,4]", CLOUDEVENTS, 413, "size"),
        (b" " * 201, NDJSON, 413, "size"),
        (gzip.compress(b" " * 201, mtime=0), NDJSON | {"content-encoding": "gzip"}, 413, "size"),
        (b"not gzip", NDJSON | {"content-encoding": "gzip"}, 400, "json"),
        (b"{}", NDJSON | {"content-encoding": "br"}, 415, "media"),
        (b"{}", NDJSON | {"ce-id": "1"}, 415, "media"),
        (GOOD, NDJSON | {"idempotency-key": "\t"}, 400, "validation"),
    ],
)
async def test_what_concerns_the_whole_batch_is_one_error(
    body: bytes, headers: Mapping[str, str], status: int, type_: str
) -> None:
    writer = RecordingWriter()
    bench = Bench(writer, limits=Limits(max_batch_events=3, max_batch_bytes=200, max_body_bytes=100))
    answer = await bench.post(body, headers=headers)
    assert (answer.status, error(answer)["type"]) == (status, type_)
    assert "results" not in said(answer)
    assert writer.events == []


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 400), ({"sub": "stranger"}, 403), ({"sub": "stranger", "large": "1"}, 413)]
)
async def test_access_comes_before_a_body_that_cannot_be_decompressed_and_after_its_size(
    headers: Mapping[str, str], status: int
) -> None:
    bench = Bench(limits=Limits(max_batch_bytes=100))
    body = gzip.compress(b" " * 200) if "large" in headers else b"not gzip"
    fields = NDJSON | {"content-encoding": "gzip"}
    assert (await bench.post(body, sub=headers.get("sub", "tester"), headers=fields)).status == status


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_single_events_and_batches_may_be_compressed(coding: str) -> None:
    compress = gzip.compress if coding == "gzip" else zstd.compress
    writer = RecordingWriter()
    bench = Bench(writer)
    single = await bench.post(compress(b' {"a": 1}\n'), headers={"content-encoding": coding})
    batch = await bench.post(compress(GOOD + b"\n" + GOOD), headers=NDJSON | {"content-encoding": coding})
    assert (single.status, batch.status) == (202, 202)
    assert [event.body for event in writer.events] == [b'{"a": 1}', GOOD, GOOD]


async def test_field_constraints_hold_for_each_item() -> None:
    answer = await Bench().post(b'{"a":1,"t":"x1"}\n{"a":1,"t":"y"}\n{"a":1}', sub="bound", headers=NDJSON)
    assert [each["status"] for each in results(answer)] == [202, 403, 403]


async def test_one_token_check_and_one_count_of_the_rate_for_a_whole_batch() -> None:
    bench = Bench(limits=Limits(requests_per_second_per_subject=0.5))
    assert (await send(bench, *[GOOD] * 10)).status == 202
    assert (await send(bench, GOOD)).status == 429


async def test_the_items_of_a_batch_count_as_events_under_way() -> None:
    slow = SlowWriter()
    bench = Bench(slow, limits=Limits(max_in_flight=4))
    first = asyncio.create_task(send(bench, GOOD, GOOD, GOOD))
    await slow.started.wait()
    assert error(await send(bench, GOOD, GOOD))["type"] == "overload"
    second = asyncio.create_task(bench.post())
    await asyncio.sleep(0)
    assert error(await bench.post())["type"] == "overload"
    slow.release.set()
    assert [(await first).status, (await second).status] == [202, 202]


async def test_a_batch_of_more_than_may_be_under_way_goes_alone_or_it_never_could() -> None:
    assert (await send(Bench(limits=Limits(max_in_flight=2)), GOOD, GOOD, GOOD)).status == 202


async def test_validate_judges_each_item_and_writes_nothing() -> None:
    writer = RecordingWriter()
    bench = Bench(writer)

    async def validated(*lines: bytes) -> Response:
        return await bench.post(b"\n".join(lines), path="/topics/orders/validate", headers=NDJSON)

    good = await validated(GOOD, GOOD)
    assert said(good) == {
        "success": True,
        "statusCode": 200,
        "valid": True,
        "results": [
            {"index": index, "status": 200, "valid": True, "retryable": False, "errors": []} for index in (0, 1)
        ],
    }
    mixed = await validated(GOOD, BAD)
    assert (said(mixed)["valid"], [each["valid"] for each in results(mixed)]) == (False, [True, False])
    posted = results(await send(bench, BAD, WORSE))
    assert [each["errors"] for each in results(await validated(BAD, WORSE))] == [each["errors"] for each in posted]
    assert writer.events == []


async def test_validate_takes_cloudevents_and_compressed_bodies() -> None:
    bench = Bench()
    headers = {"content-type": "application/cloudevents+json", "content-encoding": "gzip"}
    body = gzip.compress(json.dumps(cloudevent("c")).encode())
    assert said(await bench.post(body, path="/topics/orders/validate", headers=headers))["valid"] is True


class Defective(RecordingWriter):
    """Fails in ways that no writer should, for events whose `a` is 2 and 3."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        bad: Any = {"secret": object()}
        return [WriteResult(Outcome.DELIVERED, bad if event.document["a"] == 2 else {}) for event in events]


async def test_a_defect_is_the_items_own_and_is_not_described() -> None:
    bench = Bench(Defective())
    answer = await send(bench, GOOD, b'{"a":2}', GOOD)
    assert [each["status"] for each in results(answer)] == [202, 500, 202]
    assert results(answer)[1]["errors"][0]["type"] == "internal"
    assert b"secret" not in answer.body
    assert isinstance(bench.trails.all[-1].defect, TypeError)


async def test_the_place_of_an_objection_names_only_members_that_the_schema_declares() -> None:
    result = WriteResult(Outcome.REFUSED, reason="no", pointer="/secret/0")
    writer = FailingWriter("picky")
    writer.result = result
    bodies = (b'{"a":1,"secret":["x"]}', b'{"a":1,"secret":{"0":1}}')
    shown = [each["writers"]["picky"]["pointer"] for each in results(await send(Bench(writer), *bodies))]
    assert shown == ["/*/0", "/*/*"]


async def test_other_requests_are_answered_while_a_long_batch_is_judged() -> None:
    bench = Bench(limits=Limits(max_batch_events=20_000, max_in_flight=50_000))
    batch = asyncio.create_task(send(bench, *[b'{"a":1,"t":"%d"}' % number for number in range(20_000)]))
    answered = 0
    while not batch.done():
        assert (await bench.ask("GET", "/livez")).status == 200
        answered += 1
        await asyncio.sleep(0)
    assert answered > 10
    assert (await batch).status == 202


async def test_the_log_is_told_the_batchs_id_and_how_its_items_ended() -> None:
    bench = Bench()
    await send(bench, GOOD, BAD, GOOD, idempotency_key="batch-1")
    trail = bench.trails.all[-1]
    assert (trail.event_id, trail.status, trail.items) == ("batch-1", 207, {202: 2, 400: 1})
    assert [problem.type for problem in trail.problems] == ["validation"]


async def test_the_hosts_deadline_counts_for_every_item() -> None:
    loop = asyncio.get_running_loop()
    bench = Bench(SlowWriter())
    answer = await bench.ask(
        "POST", "/topics/orders", GOOD + b"\n" + GOOD, token=TOKENS.token(), headers=NDJSON, deadline=loop.time() + 0.01
    )
    assert [each["writers"]["slow"]["outcome"] for each in results(answer)] == ["unknown", "unknown"]
