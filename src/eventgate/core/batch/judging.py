"""The items of a batch, judged one by one: an event each, or why there is none."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import msgspec

from eventgate.core import json, judging
from eventgate.core.auth.grants import Grant
from eventgate.core.batch.turns import Turn
from eventgate.core.cloudevents import unwrap
from eventgate.core.delivery import Delivery
from eventgate.core.judging import Aside
from eventgate.core.limits import Limits
from eventgate.core.media import Form
from eventgate.core.model import Event, WriteResult
from eventgate.core.receipts import Course
from eventgate.core.topics import Topic
from eventgate.errors import BodyTooLarge, InternalError, Refusal


class Batch(msgspec.Struct, frozen=True):
    """What the events of one request have in common. `batch_id` is the batch's own id, `items` holds their bytes.

    `course` says what of them an earlier answer has settled.
    """

    form: Form
    items: Sequence[bytes]
    batch_id: str
    course: Course
    topic: Topic
    grant: Grant
    subject: str
    correlation_id: str
    traceparent: str | None


class BatchEvent(Event, frozen=True, gc=False):
    """An event of a batch, whose document is parsed again whenever it is asked for: few writers ask.

    Hundreds of documents held until all are delivered push each other out of the processor's caches: without them an
    event takes three quarters of the time.
    """

    @property  # type: ignore[misc]  # what may not be done to a dataclass's field may be to a Struct's
    def document(self) -> Any:
        """The event, parsed."""
        return json.reread(self.body)


class Refused(msgspec.Struct, frozen=True):
    """Why an item is no event that can be delivered, and its event id where it got as far as that."""

    refusal: Refusal
    event_id: str | None


class Judged(msgspec.Struct):
    """The events to deliver, each with its index in the batch and the results that are known of it already.

    `refused` has the other items, by index. `defect` is an error that nobody foresaw.
    """

    indices: list[int] = []
    events: list[Event] = []
    settled: list[Mapping[str, WriteResult]] = []
    refused: dict[int, Refused] = {}
    defect: Exception | None = None


class BatchJudge:
    """Judges the items of batches by the gate's limits and its writers'."""

    def __init__(self, limits: Limits, delivery: Delivery, aside: Aside | None = None) -> None:
        self._limits = limits
        self._delivery = delivery
        self._aside = aside

    async def judge(self, batch: Batch, deadline: float) -> Judged:
        """The fate of every item. Other requests get their turn in between.

        Items that would take long are judged aside, where there is such a place, until `deadline` (`loop.time()`).
        """
        judged = Judged()
        topic, schema, course = batch.topic, batch.topic.schema, batch.course
        constrained = bool(batch.grant.constraints)
        received_at = time.time()
        turn = Turn()
        for index, item in enumerate(batch.items):
            event_id = None
            try:
                body, document, event_id = self._open(item, batch)
                if constrained:
                    batch.grant.check(document)
                judge = judging.left_to(self._aside, document, len(body), schema)
                if judge is not None:
                    await judge.check(schema, body, deadline)
                event_id = event_id or judging.own_id(topic, document) or derived_id(batch.batch_id, index)
                event = BatchEvent(
                    topic=topic.name,
                    event_id=event_id,
                    subject=batch.subject,
                    body=body,
                    document=None,
                    received_at=received_at,
                    correlation_id=batch.correlation_id,
                    key=judging.partition_key(topic, document),
                    traceparent=batch.traceparent,
                    options=topic.options,
                )
                settled = judging.refusals(self._delivery, event, topic, course.settled(index))
                judged.events.append(event)
                judged.indices.append(index)
                judged.settled.append(settled)
            except Refusal as refusal:
                judged.refused[index] = Refused(refusal, event_id)
            except Exception as defect:
                judged.defect = defect
                judged.refused[index] = Refused(InternalError(), event_id)
            if perf_counter() >= turn.ends:
                await turn.next()
        return judged

    def _open(self, item: bytes, batch: Batch) -> tuple[bytes, Any, str | None]:
        """The event's bytes, the same parsed, and its id where the batch's form gives it one."""
        if len(item) > self._limits.max_body_bytes:
            raise BodyTooLarge(self._limits.max_body_bytes, "event")
        if batch.form is Form.LINES:
            return item, json.parse(item, self._limits.max_depth), None
        unwrapped = unwrap(item, self._limits.max_depth)
        return unwrapped.body, unwrapped.document, unwrapped.event_id


def derived_id(batch_id: str, index: int) -> str:
    """The id of an item that brings none: a UUID made of the batch's id and the index (RFC 9562, section 5.8).

    The same for the same two, so that a batch that is sent again under its id is the same events.
    """
    digest = hashlib.sha256(b"%d %b" % (index, batch_id.encode())).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
