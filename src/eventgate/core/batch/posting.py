"""The course of a posted batch: one caller, one topic, one trip to each writer; a result for every item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final

from eventgate.core import ids, judging
from eventgate.core.admission import Admission
from eventgate.core.batch.judging import Batch, BatchJudge, Judged, Refused, derived_id
from eventgate.core.batch.results import Results
from eventgate.core.batch.splitting import elements, lines
from eventgate.core.batch.turns import Turn
from eventgate.core.bodies import read_body
from eventgate.core.delivery import Delivery
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.judging import Aside
from eventgate.core.keeping import Keeping, Source
from eventgate.core.limits import Limits
from eventgate.core.load import Load, deadline_of
from eventgate.core.media import Form, Media
from eventgate.core.model import Outcome, Request, Response, WriteResult
from eventgate.core.retries import Retries
from eventgate.errors import InternalError, Refusal

_READINGS: Final = {Form.LINES: b"", Form.CLOUDEVENTS: b"\nCloudEvents\n"}
"""For receipts: a line that is an array is one event, and may be a batch of CloudEvents as well."""


class BatchPosting:
    """Judges posted batches item by item, and has what is good delivered together."""

    def __init__(
        self,
        limits: Limits,
        admission: Admission,
        delivery: Delivery,
        load: Load,
        retries: Retries,
        keeping: Keeping,
        aside: Aside | None = None,
    ) -> None:
        self._limits = limits
        self._admission = admission
        self._delivery = delivery
        self._retries = retries
        self._load = load
        self._keeping = keeping
        self._judge = BatchJudge(limits, delivery, aside)

    async def post(self, request: Request, head: Head, media: Media, topic_name: str, trail: Trail) -> Response:
        """The answer to a batch; raises `Refusal` for what concerns all of it."""
        batch = await self._read(request, head, media, topic_name, trail)
        count = len(batch.items)
        self._load.enter(count)
        try:
            judged = await self._judge.judge(batch, deadline_of(request, batch.topic, self._limits))
            if batch.topic.keep_invalid and judged.refused:
                await self._keeping.keep(_source(batch), _refused(batch, judged))
            deadline = deadline_of(request, batch.topic, self._limits)
            written = await self._delivery.deliver_many(
                judged.events, batch.topic, deadline, judged.settled, trail.spent
            )
            results = await _results(batch, judged, written)
        finally:
            self._load.leave(count)
        _note(trail, judged, results)
        trail.outcomes = _outcomes(written)
        receipt = _receipt(batch, judged, written)
        return results.answer(receipt=receipt, receipt_status=batch.course.status)

    async def validate(self, request: Request, head: Head, media: Media, topic_name: str, trail: Trail) -> Response:
        """The answer to a batch that is only to be judged; raises `Refusal` for what concerns all of it."""
        batch = await self._read(request, head, media, topic_name, trail)
        judged = await self._judge.judge(batch, deadline_of(request, batch.topic, self._limits))
        results = Results(batch.topic, len(batch.items))
        for index in range(len(batch.items)):
            results.validate(index, judged.refused.get(index))
        _note(trail, judged, results)
        return results.answer(valid=results.status == 200)

    async def _read(self, request: Request, head: Head, media: Media, topic_name: str, trail: Trail) -> Batch:
        admitted = await self._admission.admit(request, head, topic_name, trail)
        body, grant = await read_body(request, media, admitted, self._limits)
        trail.payload = body
        split = lines if media.form is Form.LINES else elements
        items = split(body, self._limits.max_batch_events)
        named = judging.idempotency_key(head)
        course = self._retries.course(head, admitted, body, named, len(items), _READINGS[media.form])
        trail.event_id = batch_id = course.event_id or named or ids.uuid7()
        return Batch(
            form=media.form,
            items=items,
            batch_id=batch_id,
            course=course,
            topic=admitted.topic,
            grant=grant,
            subject=admitted.subject,
            correlation_id=trail.correlation_id,
            traceparent=judging.traceparent(head, trail),
        )


def _source(batch: Batch) -> Source:
    return Source(batch.topic, batch.subject, batch.correlation_id, batch.traceparent, batch.form)


def _refused(batch: Batch, judged: Judged) -> list[tuple[bytes, str | None, Refusal]]:
    """The items that are no events, each with the id that it has or would have had."""
    return [
        (batch.items[index], refused.event_id or derived_id(batch.batch_id, index), refused.refusal)
        for index, refused in judged.refused.items()
    ]


async def _results(batch: Batch, judged: Judged, written: list[dict[str, WriteResult]]) -> Results:
    results = Results(batch.topic, len(batch.items))
    for index, refused in judged.refused.items():
        results.refuse(index, refused)
    turn = Turn()
    for index, event, outcomes in zip(judged.indices, judged.events, written, strict=True):
        try:
            results.deliver(index, event, outcomes)
        except Exception as defect:  # a result that no answer can be made of; the other items have theirs
            judged.defect = defect
            results.refuse(index, Refused(InternalError(), event.event_id))
        if perf_counter() >= turn.ends:
            await turn.next()
    return results


def _receipt(batch: Batch, judged: Judged, written: list[dict[str, WriteResult]]) -> str | None:
    """The receipt of the whole batch; items that were refused this time keep what was settled of them before.

    None where no item reached the writers.
    """
    if not written:
        return None
    items: list[Mapping[str, WriteResult]] = [{}] * len(batch.items)
    for index in judged.refused:
        items[index] = batch.course.settled(index)
    for index, outcomes in zip(judged.indices, written, strict=True):
        items[index] = outcomes
    return batch.course.issue(batch.batch_id, items)


def _note(trail: Trail, judged: Judged, results: Results) -> None:
    trail.items = dict(results.statuses)
    trail.problems = results.problems
    trail.defect = judged.defect


def _outcomes(written: Sequence[Mapping[str, WriteResult]]) -> dict[str, Counter[Outcome]]:
    """How often each writer said what; the items of a batch share their writers."""
    return {name: Counter([results[name].outcome for results in written]) for name in (written[0] if written else ())}
