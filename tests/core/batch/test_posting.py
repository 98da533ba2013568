"""The course of a posted batch: what concerns all of it, and what goes on beside it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from backports import zstd

from eventgate.core.limits import Limits
from eventgate.core.model import Event, Outcome, Response, WriteResult
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter
from tests.core.batch.support import BAD, CLOUDEVENTS, GOOD, NDJSON, WORSE, cloudevent, results, send
from tests.core.gateway_support import TOKENS, Bench, error, said


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
