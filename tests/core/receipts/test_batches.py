"""One receipt for a whole batch: the retry delivers what is missing, item by item and writer by writer."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.model import Event, Outcome, Response, Unacceptable, WriteResult
from eventgate.testing import RecordingWriter
from tests.core.gateway_support import Bench, error, said
from tests.core.receipts.benches import receipt_of
from tests.core.receipts.receipt_support import ring

NDJSON = {"content-type": "application/x-ndjson"}
NAMES = ("a", "b", "c")


class ByLine(RecordingWriter):
    """Ends as `fates` says of an event's number, and keeps what it delivered in `kept`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.fates: dict[int, Outcome] = {}
        self.kept: Counter[tuple[str, int]] = Counter()

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        await super().write(events, deadline)
        return [self._write(event) for event in events]

    def _write(self, event: Event) -> WriteResult:
        number = event.document["a"]
        outcome = self.fates.get(number, Outcome.DELIVERED)
        if outcome is Outcome.DELIVERED:
            self.kept[event.event_id, number] += 1
        return WriteResult(outcome)


def lines(count: int) -> bytes:
    return b"\n".join(b'{"a":%d}' % number for number in range(count))


async def send(gate: Bench, body: bytes, receipt: bytes | None = None, **headers: str) -> Response:
    offered = [] if receipt is None else [receipt]
    return await gate.post(
        body, headers=NDJSON | {k.replace("_", "-"): v for k, v in headers.items()}, receipts=offered
    )


def outcomes(answer: Response) -> list[dict[str, str]]:
    found: list[dict[str, Any]] = said(answer)["results"]
    return [{name: each["outcome"] for name, each in result["writers"].items()} for result in found]


async def test_a_retry_delivers_what_is_missing_and_answers_for_all() -> None:
    writers = [ByLine(name) for name in NAMES]
    gate = Bench(*writers, receipts=ring())
    writers[1].fates = {1: Outcome.FAILED, 2: Outcome.UNKNOWN}
    first = await send(gate, lines(4))
    assert first.status == 207
    writers[1].fates = {}
    second = await send(gate, lines(4), receipt_of(first))
    assert second.status == 202
    assert outcomes(second) == [dict.fromkeys(NAMES, "delivered")] * 4
    ids = [[result["event_id"] for result in said(answer)["results"]] for answer in (first, second)]
    assert ids[0] == ids[1]
    assert all(writer.kept == Counter(zip(ids[0], range(4), strict=True)) for writer in writers)
    assert [len(writer.groups) for writer in writers] == [1, 2, 1]
    assert {event.document["a"] for event in writers[1].groups[1]} == {1, 2}


async def test_items_that_are_refused_stay_so_and_stop_no_other() -> None:
    """Those that never reached a writer are judged again, as all are."""
    writer = ByLine("a")
    gate = Bench(writer, receipts=ring())
    writer.fates = {2: Outcome.FAILED}
    body = b'{"a":1}\nnope\n{"a":"x"}\n{"a":2}'
    first = await send(gate, body)
    assert [each["status"] for each in said(first)["results"]] == [202, 400, 400, 500]
    writer.fates = {}
    second = await send(gate, body, receipt_of(first))
    assert [each["status"] for each in said(second)["results"]] == [202, 400, 400, 202]
    assert sum(writer.kept.values()) == 2


async def test_what_is_done_is_not_asked_for_its_limits_either() -> None:
    writer, other = ByLine("a"), ByLine("b")
    gate = Bench(writer, other, receipts=ring())
    other.fates = {0: Outcome.FAILED, 1: Outcome.FAILED}
    first = await send(gate, lines(2))
    writer.refusal = Unacceptable("no longer")
    other.fates = {}
    assert (await send(gate, lines(2), receipt_of(first))).status == 202


async def test_a_batch_of_a_thousand_gets_a_receipt_of_at_most_4_kb() -> None:
    writers = [ByLine(name) for name in NAMES]
    fates = [Outcome.DELIVERED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED, Outcome.CONFLICT]
    for place, writer in enumerate(writers, 3):
        writer.fates = {number: fates[number * number * place % 5] for number in range(1000)}
    gate = Bench(*writers, receipts=ring())
    first = await send(gate, lines(1000))
    assert len(receipt_of(first)) <= 4096
    for writer in writers:
        writer.fates = {}
    assert (await send(gate, lines(1000), receipt_of(first))).status == 202
    assert all(set(writer.kept.values()) == {1} and len(writer.kept) == 1000 for writer in writers)


@pytest.mark.parametrize("code", ["gzip", "identity"])
async def test_what_counts_is_the_decoded_batch(code: str) -> None:
    gate = Bench(ByLine("a"), receipts=ring())
    receipt = receipt_of(await send(gate, lines(2)))
    body = lines(2) + b"\n"
    again = await send(gate, gzip.compress(body) if code == "gzip" else body, receipt, content_encoding=code)
    assert (again.status, "receipt_status" in said(again)) == (202, False)


async def test_a_batchs_receipt_is_good_for_that_batch_alone() -> None:
    writer = ByLine("a")
    gate = Bench(writer, receipts=ring())
    receipt = receipt_of(await send(gate, lines(1)))
    for answer in (
        await send(gate, lines(2), receipt),
        await send(gate, lines(1), receipt, idempotency_key="other"),
        await gate.post(lines(1), receipts=[receipt]),
        await gate.post(lines(1), path="/topics/orders/validate", receipts=[receipt]),
    ):
        assert (answer.status, error(answer)["type"]) == (422, "receipt")
    assert len(writer.groups) == 1
    ignored = await send(gate, lines(1), receipt[:-1])
    assert (ignored.status, said(ignored)["receipt_status"]) == (202, "ignored")


async def test_a_batch_of_which_nothing_reached_a_writer_has_none() -> None:
    gate = Bench(ByLine("a"), receipts=ring())
    answer = await send(gate, b"nope\n{}")
    assert (answer.status, "receipt" in said(answer)) == (400, False)


async def test_cloudevents_have_receipts_too() -> None:
    """Alone in both modes, and together; each keeps its own id."""
    writer = ByLine("a")
    gate = Bench(writer, receipts=ring())
    event = {"specversion": "1.0", "id": "e-1", "source": "s", "type": "t", "data": {"a": 1}}
    binary = {"ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "s", "ce-type": "t"}
    for body, headers in (
        (json.dumps(event).encode(), {"content-type": "application/cloudevents+json"}),
        (json.dumps([event]).encode(), {"content-type": "application/cloudevents-batch+json"}),
        (b'{"a":1}', binary),
    ):
        writer.fates = {1: Outcome.FAILED}
        first = await gate.post(body, headers=headers)
        writer.fates = {}
        second = await gate.post(body, headers=headers, receipts=[receipt_of(first)])
        third = await gate.post(body, headers=headers, receipts=[receipt_of(second)])
        assert [answer.status for answer in (first, second, third)] == [500, 202, 202]
    assert writer.kept == Counter({("e-1", 1): 3})
    other = await gate.post(b'{"a":1}', headers=binary | {"ce-id": "e-2"}, receipts=[receipt_of(third)])
    assert (other.status, error(other)["type"]) == (422, "receipt")


FATES = st.sampled_from([Outcome.DELIVERED, Outcome.DELIVERED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED])


@given(
    count=st.integers(1, 12),
    rounds=st.lists(st.lists(st.lists(FATES, min_size=12, max_size=12), min_size=3, max_size=3), max_size=4),
    guard=st.sampled_from([None, "b"]),
)
def test_whatever_fails_in_whatever_round_each_writer_takes_each_item_once(
    count: int, rounds: list[list[list[Outcome]]], guard: str | None
) -> None:
    async def run() -> None:
        writers = [ByLine(name) for name in NAMES]
        gate = Bench(*writers, guard=guard, receipts=ring())
        receipt = None
        for fates in [*rounds, None]:
            for place, writer in enumerate(writers):
                writer.fates = {} if fates is None else dict(enumerate(fates[place]))
            answer = await send(gate, lines(count), receipt)
            receipt = receipt_of(answer)
            for number, result in enumerate(said(answer)["results"]):
                for writer in writers:
                    held = writer.kept[result["event_id"], number]
                    assert held == (result["writers"][writer.name]["outcome"] == "delivered")
                assert (result["status"] == 202) == all(each.kept[result["event_id"], number] for each in writers)
        assert answer.status == 202

    asyncio.run(run())
