"""Retries through a gateway: who is asked again, and what the answer says."""

from __future__ import annotations

from typing import Any

import pytest

from eventgate.core.model import Outcome, Unacceptable
from tests.core.gateway_support import Bench, error, said
from tests.core.receipts.benches import BODY, bench, outcomes, receipt_of
from tests.core.receipts.receipt_support import KEYS, Clock, ring
from tests.core.receipts.sinks import TestableWriter


async def test_a_retry_reaches_only_the_writer_that_lacks_the_event_and_answers_for_all() -> None:
    """The answer is the one that there would have been, had all happened at once: id, order and positions."""
    kafka, postgres = TestableWriter("kafka"), TestableWriter("postgres")
    gate = bench(kafka, postgres)
    postgres.outcome = Outcome.FAILED
    first = await gate.post(BODY)
    assert (first.status, outcomes(first)) == (500, {"kafka": "delivered", "postgres": "failed"})
    postgres.outcome = Outcome.DELIVERED
    second = await gate.post(BODY, receipts=[receipt_of(first)])
    event_id = said(first)["event_id"]
    assert {name: value for name, value in said(second).items() if name != "receipt"} == {
        "success": True,
        "statusCode": 202,
        "event_id": event_id,
        "writers": {
            "kafka": {"outcome": "delivered", "place": "here", "row": 1},
            "postgres": {"outcome": "delivered", "place": "here", "row": 1},
        },
    }
    assert list(said(second)["writers"]) == ["kafka", "postgres"]
    assert [each.holds("orders", event_id, BODY) for each in (kafka, postgres)] == [1, 1]
    assert len(kafka.groups) == 1


async def test_each_receipt_holds_what_the_earlier_ones_held() -> None:
    """Three writers come back one after the other; nobody is asked twice after having said yes."""
    writers = [TestableWriter(name) for name in ("a", "b", "c")]
    gate = bench(*writers)
    for writer in writers:
        writer.outcome = Outcome.UNKNOWN
    answer = await gate.post(BODY)
    for writer in writers:
        writer.outcome = Outcome.DELIVERED
        assert answer.status == 500
        answer = await gate.post(BODY, receipts=[receipt_of(answer)])
        writer.outcome = Outcome.FAILED
    assert answer.status == 202
    again = await gate.post(BODY, receipts=[receipt_of(answer)])
    assert again.status == 202
    assert said(again)["writers"] == said(answer)["writers"]
    assert [writer.holds("orders", said(answer)["event_id"], BODY) for writer in writers] == [1, 1, 1]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.CONFLICT, 409), (Outcome.REFUSED, 400), (Outcome.FAILED, 500), (Outcome.UNKNOWN, 500)],
)
async def test_every_answer_that_reached_the_writers_has_a_receipt(outcome: Outcome, status: int) -> None:
    good, bad = TestableWriter("good"), TestableWriter("bad")
    bad.outcome = outcome
    gate = bench(good, bad)
    answer = await gate.post(BODY)
    assert answer.status == status
    assert len(receipt_of(answer)) <= 600
    bad.outcome = Outcome.DELIVERED
    assert (await gate.post(BODY, receipts=[receipt_of(answer)])).status == 202
    assert len(good.groups) == 1


async def test_answers_that_reached_no_writer_have_none() -> None:
    writer = TestableWriter("a")
    gate = bench(writer)
    writer.refusal = Unacceptable("no")
    for answer in (await gate.post(b"{}"), await gate.post(b"x"), await gate.post(sub="stranger"), await gate.post()):
        assert answer.status in (400, 403)
        assert "receipt" not in said(answer)


async def test_a_writer_that_is_done_is_not_asked_for_its_limits_either() -> None:
    """They may have been made stricter since; the event is there all the same."""
    done, lacking = TestableWriter("done"), TestableWriter("lacking")
    lacking.outcome = Outcome.FAILED
    gate = bench(done, lacking)
    first = await gate.post(BODY)
    done.refusal = Unacceptable("no longer")
    lacking.outcome = Outcome.DELIVERED
    assert (await gate.post(BODY, receipts=[receipt_of(first)])).status == 202
    lacking.refusal = Unacceptable("not this one")
    answer = await gate.post(BODY, receipts=[receipt_of(first)])
    assert (answer.status, error(answer)["type"]) == (400, "lacking")


async def test_white_space_around_the_event_does_not_count_and_anything_within_does() -> None:
    gate = bench(TestableWriter("a"))
    receipt = receipt_of(await gate.post(BODY))
    assert "receipt_status" not in said(await gate.post(b" \r\n" + BODY + b"\n", receipts=[receipt]))
    assert (await gate.post(b'{"a": 1}', receipts=[receipt])).status == 422


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"path": "/topics/other"}, "topic"),
        ({"sub": "tester"}, "subject"),
        ({"body": b'{"a":2}'}, "body"),
        ({"headers": {"idempotency-key": "mine"}}, "event id"),
    ],
)
async def test_a_good_receipt_for_another_request_is_422_and_nothing_is_written(
    change: dict[str, Any], what: str
) -> None:
    writer = TestableWriter("a")
    gate = bench(writer)
    first = await gate.post(BODY, sub="both")
    for path in ("", "/validate"):
        given = {"body": BODY, "sub": "both", "path": "/topics/orders", **change}
        given["path"] += path
        answer = await gate.post(**given, receipts=[receipt_of(first)])
        assert (answer.status, error(answer)["type"]) == (422, "receipt")
        assert what in error(answer)["message"]
    assert len(writer.groups) == 1


async def test_the_receipt_is_looked_at_after_the_schema_and_before_the_writers_limits() -> None:
    writer = TestableWriter("a")
    gate = bench(writer)
    receipt = receipt_of(await gate.post(BODY))
    writer.refusal = Unacceptable("no")
    assert error(await gate.post(b'{"a":"x"}', receipts=[receipt]))["type"] == "validation"
    assert error(await gate.post(b'{"a":2}', receipts=[receipt]))["type"] == "receipt"
    assert error(await gate.post(BODY, sub="stranger", receipts=[receipt]))["type"] == "auth"


async def test_what_cannot_be_trusted_is_ignored_aloud_and_all_writers_run() -> None:
    """Forged, of a foreign gate, expired, far too long, not ASCII, or more than one; also twice the same."""
    clock = Clock()
    writer = TestableWriter("a")
    gate = bench(writer, receipts=ring(clock=clock))
    good = receipt_of(await gate.post(BODY))
    foreign = receipt_of(await bench(writer, receipts=ring("x", {"x": KEYS["2026-11"]})).post(BODY))
    bad = [[b""], [b"forged"], [good[:-1]], [foreign], [good * 100], ["é".encode()], [good, good], [good, b"x"]]
    for number, offered in enumerate(bad):
        answer = await gate.post(BODY, receipts=offered)
        assert (answer.status, said(answer)["receipt_status"]) == (202, "ignored")
        assert len(writer.groups) == number + 3
        assert "receipt_status" not in said(await gate.post(BODY, receipts=[receipt_of(answer)]))
    clock.now += 86400
    assert said(await gate.post(BODY, receipts=[good]))["receipt_status"] == "ignored"


async def test_a_header_of_100_kb_is_refused_as_any_other() -> None:
    gate = bench(TestableWriter("a"))
    answer = await gate.post(BODY, receipts=[b"A" * 100_000])
    assert (answer.status, error(answer)["type"]) == (431, "headers")


async def test_a_writer_that_was_sent_elsewhere_gets_the_event_there() -> None:
    writer, other = TestableWriter("a"), TestableWriter("b")
    other.outcome = Outcome.FAILED
    gate = bench(writer, other)
    first = await gate.post(BODY, headers={"idempotency-key": "k"})
    writer.place = "there"
    other.outcome = Outcome.DELIVERED
    answer = await gate.post(BODY, headers={"idempotency-key": "k"}, receipts=[receipt_of(first)])
    assert (answer.status, said(answer)["receipt_status"]) == (202, "ignored")
    assert writer.holds("orders", "k", BODY) == 1


async def test_any_gate_with_the_key_goes_on_where_another_stopped() -> None:
    """Each signs with its own key; neither has seen what the other was asked."""
    a, b = TestableWriter("a"), TestableWriter("b")
    one, other = bench(a, b, receipts=ring("2026-10")), bench(a, b, receipts=ring("2026-11"))
    b.outcome = Outcome.FAILED
    first = await one.post(BODY)
    second = await other.post(BODY, receipts=[receipt_of(first)])
    b.outcome = Outcome.DELIVERED
    third = await one.post(BODY, receipts=[receipt_of(second)])
    assert (third.status, said(third)["event_id"]) == (202, said(first)["event_id"])
    assert len(a.groups) == 1


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.CONFLICT])
async def test_a_guard_that_did_not_take_the_event_is_asked_again(outcome: Outcome) -> None:
    guard, other = TestableWriter("guard"), TestableWriter("other")
    gate = bench(guard, other, guard="guard")
    guard.outcome = outcome
    first = await gate.post(BODY)
    assert outcomes(first) == {"guard": outcome.value, "other": "skipped"}
    guard.outcome = Outcome.DELIVERED
    second = await gate.post(BODY, receipts=[receipt_of(first)])
    assert outcomes(second) == {"guard": "delivered", "other": "delivered"}


async def test_a_guard_that_has_the_event_lets_the_others_run_in_the_retry() -> None:
    guard, other = TestableWriter("guard", ledger=True), TestableWriter("other")
    gate = bench(guard, other, guard="guard")
    other.outcome = Outcome.FAILED
    first = await gate.post(BODY)
    other.outcome = Outcome.DELIVERED
    second = await gate.post(BODY, receipts=[receipt_of(first)])
    assert outcomes(second) == {"guard": "delivered", "other": "delivered"}
    assert len(guard.groups) == 1


async def test_what_is_deferred_is_not_asked_again() -> None:
    """The spool has it: the retry is for the others."""
    a, b = TestableWriter("a"), TestableWriter("b")
    gate = bench(a, b)
    a.outcome = Outcome.DEFERRED
    b.outcome = Outcome.FAILED
    first = await gate.post(BODY)
    a.outcome = b.outcome = Outcome.DELIVERED
    second = await gate.post(BODY, receipts=[receipt_of(first)])
    assert outcomes(second) == {"a": "deferred", "b": "delivered"}
    assert said(second)["writers"]["a"]["reason"] == "as it was told"
    assert len(a.groups) == 1


async def test_without_receipts_nothing_of_them_is_in_an_answer() -> None:
    answer = await Bench(TestableWriter("a")).post(BODY)
    assert "receipt" not in said(answer)
    offered = await Bench(TestableWriter("a")).post(BODY, receipts=[b"x"])
    assert (said(offered)["receipt_status"], "receipt" in said(offered)) == ("ignored", False)
