"""Retries of batches, and of events in an envelope: what is judged again, and which bytes count."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence

import pytest

from eventgate.core.model import Event, Outcome, Response, Unacceptable, WriteResult
from eventgate.testing import RecordingWriter
from tests.core.gateway_support import Bench, error, said
from tests.core.receipts.benches import receipt_of
from tests.core.receipts.receipt_support import ring

NDJSON = {"content-type": "application/x-ndjson"}


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


@pytest.mark.parametrize("code", ["gzip", "identity"])
async def test_what_counts_is_the_decoded_batch(code: str) -> None:
    gate = Bench(ByLine("a"), receipts=ring())
    receipt = receipt_of(await send(gate, lines(2)))
    body = lines(2) + b"\n"
    again = await send(gate, gzip.compress(body) if code == "gzip" else body, receipt, content_encoding=code)
    assert (again.status, "receipt_status" in said(again)) == (202, False)


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
