"""One receipt for a whole batch: sent back, it has only what is missing delivered."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.auth.access import parse_access
from eventgate.core.model import Event, Outcome, Response, WriteResult
from eventgate.testing import RecordingWriter
from tests.core.batch.support import BAD, CLOUDEVENTS, GOOD, NDJSON, cloudevent, results
from tests.core.gateway_support import Bench, error, said
from tests.core.receipts.receipt_support import ring

SETTLED = {"delivered", "duplicate", "deferred"}
ENDS = st.sampled_from([Outcome.DELIVERED, Outcome.DELIVERED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.REFUSED])


class Scripted(RecordingWriter):
    """Ends as the script says, one outcome for each event that comes; `delivered` once it is through."""

    def __init__(self, name: str, script: Sequence[Outcome]) -> None:
        super().__init__(name)
        self._script = list(script)
        self.delivered: Counter[str] = Counter()

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        await super().write(events, deadline)
        return [self._end(event) for event in events]

    def _end(self, event: Event) -> WriteResult:
        outcome = self._script.pop(0) if self._script else Outcome.DELIVERED
        self.delivered[event.event_id] += outcome is Outcome.DELIVERED
        return WriteResult(outcome)


async def send(bench: Bench, body: bytes, receipt: str | None = None, **headers: str) -> Response:
    fields = NDJSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return await bench.post(body, headers=fields, receipts=[] if receipt is None else [receipt.encode()])


@given(scripts=st.lists(st.lists(ENDS, max_size=12), min_size=1, max_size=3), bad=st.sets(st.integers(0, 5)))
def test_whatever_failed_is_delivered_by_sending_the_batch_again_and_nothing_twice(
    scripts: list[list[Outcome]], bad: set[int]
) -> None:
    body = b"\n".join(BAD if index in bad else b'{"a":%d}' % index for index in range(6))
    good = set(range(6)) - bad
    writers = [Scripted(f"w{number}", script) for number, script in enumerate(scripts)]

    async def until_it_is_there() -> None:
        bench = Bench(*writers, receipts=ring())
        answer = await send(bench, body)
        ids = [each["event_id"] for each in results(answer)]
        for _ in range(20):
            said_before = results(answer)
            if not any(each["retryable"] or (each["status"] == 400 and each["writers"]) for each in said_before):
                break
            answer = await send(bench, body, said(answer)["receipt"])
            for before, after in zip(said_before, results(answer), strict=True):
                for name, result in before["writers"].items():
                    assert result["outcome"] not in SETTLED or after["writers"][name]["outcome"] == result["outcome"]
        assert [each["status"] for each in results(answer)] == [202 if index in good else 400 for index in range(6)]
        assert [each["event_id"] for each in results(answer)] == ids
        for writer in writers:
            assert writer.delivered == {ids[index]: 1 for index in good}

    asyncio.run(until_it_is_there())


async def test_a_receipt_for_another_batch_is_422() -> None:
    bench = Bench(receipts=ring())
    receipt = said(await send(bench, GOOD + b"\n" + GOOD))["receipt"]
    for body in (GOOD + b"\n" + b'{"a":2}', GOOD, GOOD + b"\n" + GOOD + b"\n" + GOOD):
        answer = await send(bench, body, receipt)
        assert (answer.status, error(answer)["type"]) == (422, "receipt")
    single = await bench.post(GOOD, receipts=[receipt.encode()])
    assert single.status == 422
    assert (await send(bench, GOOD + b"\n" + GOOD, receipt, idempotency_key="another")).status == 422
    assert (await send(bench, GOOD + b"\n" + GOOD, receipt)).status == 202


async def test_a_receipt_for_cloudevents_is_not_for_the_array_as_one_line() -> None:
    """The same bytes are other events: what came of those says nothing of these."""
    bench = Bench(receipts=ring())
    body = json.dumps([cloudevent("c-1")]).encode()
    receipt = said(await bench.post(body, headers=CLOUDEVENTS))["receipt"]
    assert (await send(bench, body, receipt)).status == 422
    assert (await bench.post(body, headers=CLOUDEVENTS, receipts=[receipt.encode()])).status == 202


async def test_a_receipt_that_cannot_be_read_is_ignored_aloud() -> None:
    assert said(await send(Bench(receipts=ring()), GOOD, "nonsense"))["receipt_status"] == "ignored"
    assert said(await send(Bench(), GOOD, "nonsense"))["receipt_status"] == "ignored"


async def test_a_batch_of_which_nothing_reached_the_writers_has_no_receipt() -> None:
    assert "receipt" not in said(await send(Bench(receipts=ring()), BAD + b"\n" + BAD))


async def test_an_item_that_is_refused_in_between_keeps_what_was_settled_of_it() -> None:
    """Access was taken away and given back: the writer that has the event is not asked again."""
    has, lacks = Scripted("has", []), Scripted("lacks", [Outcome.FAILED] * 4)
    bench = Bench(has, lacks, receipts=ring())
    body = b'{"a":1}\n{"a":2}'
    answer = await send(bench, body)
    before = bench.policy
    access, _ = parse_access({"orders": {"tester": {"a": ["1"]}}}, file="access.json", fold_case=False)
    bench.policy = msgspec.structs.replace(before, access=access)
    answer = await send(bench, body, said(answer)["receipt"])
    assert [each["status"] for each in results(answer)] == [500, 403]
    bench.policy = before
    answer = await send(bench, body, said(answer)["receipt"])
    assert has.delivered == {each["event_id"]: 1 for each in results(answer)}


async def test_cloudevents_keep_their_ids_and_their_receipt_counts() -> None:
    writer = Scripted("w", [Outcome.DELIVERED, Outcome.FAILED])
    bench = Bench(writer, receipts=ring())
    body = json.dumps([cloudevent("c-1"), cloudevent("c-2")]).encode()
    first = await bench.post(body, headers=CLOUDEVENTS)
    second = await bench.post(body, headers=CLOUDEVENTS, receipts=[said(first)["receipt"].encode()])
    assert [each["event_id"] for each in results(second)] == ["c-1", "c-2"]
    assert writer.delivered == {"c-1": 1, "c-2": 1}


@pytest.mark.parametrize("pattern", [[Outcome.DELIVERED], [Outcome.DELIVERED, Outcome.FAILED, Outcome.UNKNOWN]])
async def test_the_receipt_of_a_thousand_items_and_three_writers_fits_into_four_kilobytes(
    pattern: list[Outcome],
) -> None:
    writers = [Scripted(f"w{number}", (pattern * 1000)[number:1000]) for number in range(3)]
    answer = await send(Bench(*writers, receipts=ring()), b"\n".join([GOOD] * 1000))
    assert len(said(answer)["receipt"]) <= 4096
