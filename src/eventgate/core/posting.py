"""The course of a posted event: who sends it, may they, is it right, where does it go."""

from __future__ import annotations

import time

from eventgate.core import cloudevents, ids, judging
from eventgate.core.admission import Admission
from eventgate.core.batch.posting import BatchPosting
from eventgate.core.bodies import read_body
from eventgate.core.delivery import Delivery, verdict
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.limits import Limits
from eventgate.core.load import Load, deadline_of
from eventgate.core.media import Form, Media
from eventgate.core.model import Event, Request, Response
from eventgate.core.responses import delivered, json_answer
from eventgate.core.topics import Topic


class Posting:
    """Judges posted events in the order that docs/api.md gives, and has them delivered."""

    def __init__(self, limits: Limits, admission: Admission, delivery: Delivery) -> None:
        self._limits = limits
        self._admission = admission
        self._delivery = delivery
        self._load = Load(limits)
        self._batches = BatchPosting(limits, admission, delivery, self._load)

    async def post(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}`; raises `Refusal`."""
        self._load.check()
        media = head.media()
        if media.is_batch:
            return await self._batches.post(request, head, media, topic_name, trail)
        event, topic = await self._judge(request, head, media, topic_name, trail)
        trail.event_id = event.event_id
        settled = judging.refusals(self._delivery, event, topic)
        deadline = deadline_of(request, topic, self._limits)
        self._load.enter()  # asked again, since a body may take its time
        try:
            results = await self._delivery.deliver(event, topic, deadline, settled)
            trail.results = judging.masked(results, event, topic)
        finally:
            self._load.leave()
        status, problems = verdict(topic, results)
        trail.problems = tuple(problems)
        ignored = None if head.first(b"eventgate-receipt") is None else "ignored"
        return delivered(status, event.event_id, results, problems, ignored)

    async def validate(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}/validate`: all but the delivery; raises `Refusal`."""
        self._load.check()
        media = head.media()
        if media.is_batch:
            return await self._batches.validate(request, head, media, topic_name, trail)
        event, topic = await self._judge(request, head, media, topic_name, trail)
        trail.event_id = event.event_id
        judging.refusals(self._delivery, event, topic)
        return json_answer(200, {"success": True, "statusCode": 200, "valid": True})

    async def _judge(
        self, request: Request, head: Head, media: Media, topic_name: str, trail: Trail
    ) -> tuple[Event, Topic]:
        admitted = await self._admission.admit(request, head, topic_name, trail)
        body, grant = await read_body(request, media, admitted, self._limits)
        topic = admitted.topic
        event_id = None
        if media.form is Form.STRUCTURED:
            unwrapped = cloudevents.unwrap(body, self._limits.max_depth)
            event_id, body, document = unwrapped.event_id, unwrapped.body, unwrapped.document
            judging.check(document, len(body), topic, grant)
        else:
            if media.form is Form.BINARY:
                event_id = head.cloudevent_id()
            document = judging.judge(body, topic, grant, self._limits.max_depth)
        event = Event(
            topic=topic.name,
            event_id=event_id or judging.own_id(topic, document) or judging.idempotency_key(head) or ids.uuid7(),
            subject=admitted.subject,
            body=body,
            document=document,
            received_at=time.time(),
            correlation_id=trail.correlation_id,
            key=judging.partition_key(topic, document),
            traceparent=judging.traceparent(head),
            options=topic.options,
        )
        return event, topic
