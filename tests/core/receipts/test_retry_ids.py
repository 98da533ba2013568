"""The event id of a retry: the first answer's, whatever it came from."""

from __future__ import annotations

from tests.core.gateway_support import error, said
from tests.core.receipts.benches import BODY, bench, receipt_of
from tests.core.receipts.sinks import TestableWriter


async def test_the_event_id_of_the_first_answer_stays() -> None:
    """Generated, or taken from a header that the retry may leave out."""
    gate = bench(TestableWriter("a"))
    for headers in ({}, {"idempotency-key": "k-1"}, {"idempotency-key": "x" * 255}):
        first = await gate.post(BODY, headers=headers)
        for again in (headers, {}):
            retry = await gate.post(BODY, headers=again, receipts=[receipt_of(first)])
            assert said(retry)["event_id"] == said(first)["event_id"]


async def test_an_id_too_long_to_be_in_the_receipt_has_to_be_sent_again() -> None:
    gate = bench(TestableWriter("a"))
    key = {"idempotency-key": "é" * 255}
    first = await gate.post(BODY, headers=key)
    assert len(receipt_of(first)) <= 600
    retry = await gate.post(BODY, headers=key, receipts=[receipt_of(first)])
    assert (retry.status, said(retry)["event_id"]) == (202, "é" * 255)
    answer = await gate.post(BODY, receipts=[receipt_of(first)])
    assert (answer.status, error(answer)["type"]) == (422, "receipt")


async def test_an_id_in_the_event_comes_before_a_key_in_the_header_in_a_retry_as_well() -> None:
    gate = bench(TestableWriter("a"), event_id="/t")
    body = b'{"a":1,"t":"own"}'
    first = await gate.post(body, headers={"idempotency-key": "other"})
    retry = await gate.post(body, headers={"idempotency-key": "other"}, receipts=[receipt_of(first)])
    assert (retry.status, said(retry)["event_id"]) == (202, "own")
