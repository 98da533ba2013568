"""Each item of a batch has its own result, and harms no other."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.batch.judging import Refused
from eventgate.core.batch.results import Results
from eventgate.core.limits import ALL_PROBLEMS_BODY_BYTES, Limits
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.errors import InvalidEvent, Problem
from eventgate.testing import FailingWriter, RecordingWriter
from tests.core.batch.support import BAD, CLOUDEVENTS, GOOD, NDJSON, WORSE, cloudevent, results, send
from tests.core.gateway_support import Bench, said


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
    assert [event.document for event in writer.events] == [{"a": a, "t": t} for a, t in enumerate("xyz", 1)]
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


async def test_an_answer_says_where_it_does_not_list_all_problems_of_its_items() -> None:
    """Each different problem once, up to a hundred."""
    writer = EachItsOwnReason("bad")
    for count, truncated in ((100, None), (101, True)):
        answer = await send(Bench(writer), *(b'{"a":%d}' % number for number in range(count)))
        assert (len(said(answer)["errors"]), said(answer).get("truncated")) == (100, truncated)
    answer = await send(Bench(writer), *[b'{"a":1}'] * 101)
    assert (len(said(answer)["errors"]), said(answer).get("truncated")) == (1, None)


async def test_what_is_cut_of_one_item_is_told_of_the_whole_whether_it_is_posted_or_only_judged() -> None:
    """Of a large body the first problem is told."""
    large = b'{"a":"x","t":"%b"}' % (b"x" * ALL_PROBLEMS_BODY_BYTES)
    for path in ("/topics/orders", "/topics/orders/validate"):
        answer = await Bench().post(large, path=path, headers=NDJSON)
        assert (said(answer)["results"][0]["truncated"], said(answer)["truncated"]) == (True, True)


class EachItsOwnReason(RecordingWriter):
    """Fails every event for its own reason."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        return [WriteResult(Outcome.FAILED, reason=f"number {event.document['a']}") for event in events]


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


def test_refused_items_that_have_much_to_say_leave_room_for_all() -> None:
    """An answer that AWS Lambda cannot pass on would be lost, with what it says of items that were delivered."""
    problems = tuple(Problem("validation", "is needed", pointer="", property="x" * 200) for _ in range(100))
    collected = Results(Bench().policy.topics["orders"], 1000)
    for index in range(1000):
        collected.refuse(index, Refused(InvalidEvent(problems), f"e-{index}"))
    body = collected.answer().body
    assert len(json.dumps(body.decode())) < 6 * 1024 * 1024
    told = json.loads(body)["results"]
    assert [each["index"] for each in told] == list(range(1000))
    assert (len(told[0]["errors"]), "truncated" in told[0]) == (100, False)
    assert (len(told[-1]["errors"]), told[-1]["truncated"]) == (1, True)
