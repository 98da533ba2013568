"""The course of a posted event: who sends it, may they, is it right, where does it go."""

from __future__ import annotations

import time
from contextlib import suppress

from eventgate.core import ids, json, judging
from eventgate.core.admission import Admission, Admitted
from eventgate.core.auth.grants import Grant
from eventgate.core.batch.posting import BatchPosting
from eventgate.core.bodies import read_body
from eventgate.core.cloudevents import Unwrapped, unwrap
from eventgate.core.delivery import Delivery, verdict
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.judging import Aside
from eventgate.core.keeping import Keeping, Source
from eventgate.core.limits import Limits
from eventgate.core.load import Load, deadline_of
from eventgate.core.media import Form, Media
from eventgate.core.model import Event, Request, Response
from eventgate.core.receipts import Course, Receipts
from eventgate.core.responses import delivered, json_answer
from eventgate.core.retries import Retries
from eventgate.errors import Refusal


class Posting:
    """Judges posted events in the order that docs/api.md gives, and has them delivered."""

    def __init__(
        self,
        limits: Limits,
        admission: Admission,
        delivery: Delivery,
        receipts: Receipts | None = None,
        keeping: Keeping | None = None,
        aside: Aside | None = None,
    ) -> None:
        self._limits = limits
        self._admission = admission
        self._delivery = delivery
        self._load = Load(limits)
        self._retries = Retries(receipts, delivery)
        self._keeping = keeping or Keeping(None)
        self._aside = aside
        self._batches = BatchPosting(limits, admission, delivery, self._load, self._retries, self._keeping, aside)

    @property
    def in_flight(self) -> int:
        """How many events are under way."""
        return self._load.in_flight

    async def post(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}`; raises `Refusal`."""
        self._load.check()
        media = head.media()
        if media.is_batch:
            return await self._batches.post(request, head, media, topic_name, trail)
        admitted, body, grant = await self._read(request, media, head, topic_name, trail)
        topic = admitted.topic
        try:
            opened = self._open(body, grant, media)
            judge = judging.left_to(self._aside, opened.document, len(opened.body), topic.schema)
            if judge is not None:
                await judge.check(topic.schema, opened.body, deadline_of(request, topic, self._limits))
            event, course = self._event(admitted, opened, media, head, trail)
            settled = judging.refusals(self._delivery, event, topic, course.settled())
        except Refusal as refusal:
            if topic.keep_invalid:
                await self._keeping.keep(_source(admitted, head, media, trail), [(body, None, refusal)])
            raise
        deadline = deadline_of(request, topic, self._limits)
        self._load.enter()  # asked again, since a body may take its time
        try:
            results = await self._delivery.deliver(event, topic, deadline, settled, trail.spent)
            trail.results = judging.masked(results, event, topic)
        finally:
            self._load.leave()
        status, problems = verdict(topic, results)
        trail.problems = tuple(problems)
        receipt = course.issue(event.event_id, [results])
        return delivered(status, event.event_id, results, problems, receipt, course.status)

    async def validate(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}/validate`: all but the delivery; raises `Refusal`."""
        self._load.check()
        media = head.media()
        if media.is_batch:
            return await self._batches.validate(request, head, media, topic_name, trail)
        admitted, body, grant = await self._read(request, media, head, topic_name, trail)
        opened = self._open(body, grant, media)
        topic = admitted.topic
        judge = judging.left_to(self._aside, opened.document, len(opened.body), topic.schema)
        if judge is not None:
            await judge.check(topic.schema, opened.body, deadline_of(request, topic, self._limits))
        event, course = self._event(admitted, opened, media, head, trail)
        judging.refusals(self._delivery, event, topic, course.settled())
        return json_answer(200, {"success": True, "statusCode": 200, "valid": True})

    async def _read(
        self, request: Request, media: Media, head: Head, topic_name: str, trail: Trail
    ) -> tuple[Admitted, bytes, Grant]:
        admitted = await self._admission.admit(request, head, topic_name, trail)
        if media.is_plain:
            trail.payload = body = (await request.body(self._limits.max_body_bytes)).strip(json.WHITE_SPACE)
            return admitted, body, admitted.grant()
        body, grant = await read_body(request, media, admitted, self._limits)
        trail.payload = body
        return admitted, body, grant

    def _open(self, body: bytes, grant: Grant, media: Media) -> Unwrapped:
        """The event in `body`; raises `InvalidJson` or `FieldForbidden`, in this order."""
        max_depth = self._limits.max_depth
        if media.form is Form.STRUCTURED:
            opened = unwrap(body, max_depth)
        else:
            opened = Unwrapped(None, body, json.parse(body, max_depth))
        grant.check(opened.document)
        return opened

    def _event(
        self, admitted: Admitted, opened: Unwrapped, media: Media, head: Head, trail: Trail
    ) -> tuple[Event, Course]:
        topic, body, document = admitted.topic, opened.body, opened.document
        named = head.cloudevent_id() if media.form is Form.BINARY else opened.event_id
        named = named or judging.own_id(topic, document)
        offered = judging.idempotency_key(head)  # looked at in any case: what is wrong with it is never just ignored
        named = named or offered
        course = self._retries.course(head, admitted, body, named)
        event = Event(
            topic=topic.name,
            event_id=course.event_id or named or ids.uuid7(),
            subject=admitted.subject,
            body=body,
            document=document,
            received_at=time.time(),
            correlation_id=trail.correlation_id,
            key=judging.partition_key(topic, document),
            traceparent=judging.traceparent(head, trail),
            options=topic.options,
        )
        trail.event_id = event.event_id
        return event, course


def _source(admitted: Admitted, head: Head, media: Media, trail: Trail) -> Source:
    """What is known of an event that is refused."""
    return Source(
        admitted.topic,
        admitted.subject,
        trail.correlation_id,
        judging.traceparent(head, trail),
        media.form,
        _named(head, media),
    )


def _named(head: Head, media: Media) -> str | None:
    """The id that the request gives its event, if it is one that an event can have."""
    with suppress(Refusal):
        return head.cloudevent_id() if media.form is Form.BINARY else judging.idempotency_key(head)
    return None
