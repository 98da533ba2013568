"""The course of a posted event: who sends it, may they, is it right, where does it go."""

from __future__ import annotations

import asyncio
import time

import msgspec

from eventgate.core import ids, json, judging
from eventgate.core.admission import Admission, Admitted
from eventgate.core.delivery import Delivery, verdict
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.limits import Limits
from eventgate.core.model import Event, Request, Response, WriteResult
from eventgate.core.receipts import Course, Receipts, WithoutReceipts, WithReceipts, scope_of
from eventgate.core.responses import delivered, json_answer
from eventgate.core.topics import Topic
from eventgate.errors import Overloaded


class Posting:
    """Judges posted events in the order that docs/api.md gives, and has them delivered."""

    def __init__(
        self, limits: Limits, admission: Admission, delivery: Delivery, receipts: Receipts | None = None
    ) -> None:
        self._limits = limits
        self._admission = admission
        self._delivery = delivery
        self._receipts = receipts
        self._in_flight = 0

    async def post(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}`; raises `Refusal`."""
        self._check_load()
        event, topic, course = await self._judge(request, head, topic_name, trail)
        trail.event_id = event.event_id
        settled = judging.refusals(self._delivery, event, topic, course.settled())
        deadline = self._deadline(request, topic)
        self._check_load()
        self._in_flight += 1
        try:
            results = _masked(await self._delivery.deliver(event, topic, deadline, settled), event, topic)
            trail.results = results
        finally:
            self._in_flight -= 1
        status, problems = verdict(topic, results)
        trail.problems = tuple(problems)
        receipt = course.issue(event.event_id, [results])
        return delivered(status, event.event_id, results, problems, receipt, course.status)

    async def validate(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}/validate`: all but the delivery; raises `Refusal`."""
        self._check_load()
        event, topic, course = await self._judge(request, head, topic_name, trail)
        trail.event_id = event.event_id
        judging.refusals(self._delivery, event, topic, course.settled())
        return json_answer(200, {"success": True, "statusCode": 200, "valid": True})

    def _check_load(self) -> None:
        """Asked first, so that an overloaded gate spends nothing more, and last, since a body may take its time."""
        if self._in_flight >= self._limits.max_in_flight:
            raise Overloaded("the gate has as many events under way as it may")

    async def _judge(self, request: Request, head: Head, topic_name: str, trail: Trail) -> tuple[Event, Topic, Course]:
        admitted = await self._admission.admit(request, head, topic_name, trail)
        body = (await request.body(self._limits.max_body_bytes)).strip(json.WHITE_SPACE)
        head.check_media()
        topic = admitted.topic
        document = judging.judge(body, topic, admitted.grant(), self._limits.max_depth)
        named = judging.own_id(topic, document) or judging.idempotency_key(head)
        course = self._course(head, admitted, body, named)
        event = Event(
            topic=topic.name,
            event_id=course.event_id or named or ids.uuid7(),
            subject=admitted.subject,
            body=body,
            document=document,
            received_at=time.time(),
            correlation_id=trail.correlation_id,
            key=judging.partition_key(topic, document),
            traceparent=judging.traceparent(head),
            options=topic.options,
        )
        return event, topic, course

    def _course(self, head: Head, admitted: Admitted, body: bytes, named: str | None) -> Course:
        """How far the receipt of an earlier answer says that it came; raises `ReceiptMismatch`."""
        offered = head.all(b"eventgate-receipt")
        if self._receipts is None:
            return WithoutReceipts(offered)
        topic = admitted.topic
        scope = scope_of(topic.name, admitted.subject, body)
        return WithReceipts(self._receipts, scope, self._delivery.targets(topic), offered, named)

    def _deadline(self, request: Request, topic: Topic) -> float:
        seconds = self._limits.request_timeout_seconds
        if topic.timeout_seconds is not None:
            seconds = min(seconds, topic.timeout_seconds)
        deadline = asyncio.get_running_loop().time() + seconds
        return deadline if request.deadline is None else min(deadline, request.deadline)


def _masked(results: dict[str, WriteResult], event: Event, topic: Topic) -> dict[str, WriteResult]:
    """The results with pointers that a caller may see."""
    for name, result in results.items():
        if result.pointer is not None:
            results[name] = msgspec.structs.replace(result, pointer=judging.shown(result.pointer, event, topic))
    return results
