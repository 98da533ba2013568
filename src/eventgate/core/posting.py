"""The course of a posted event: who sends it, may they, is it right, where does it go."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec

from eventgate.core import ids, json
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.auth.tokens import bearer_token
from eventgate.core.delivery import Delivery, verdict
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.limits import Limits
from eventgate.core.model import Claims, Event, Outcome, Request, Response, WriteResult
from eventgate.core.pointer import MISSING
from eventgate.core.policy import Policy
from eventgate.core.rate import SubjectRate
from eventgate.core.responses import delivered, json_answer
from eventgate.core.topics import Topic
from eventgate.errors import (
    InvalidEvent,
    Overloaded,
    Problem,
    TopicBroken,
    TopicNotFound,
    UnacceptableEvent,
)

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ID_RULE = "an event id is a string of 1 to 255 characters without control characters, or an integer"


class Posting:
    """Judges posted events in the order that docs/api.md gives, and has them delivered."""

    def __init__(
        self,
        limits: Limits,
        policy: Callable[[], Policy],
        keyring: KeyRing,
        delivery: Delivery,
    ) -> None:
        self._limits = limits
        self._policy = policy
        self._keyring = keyring
        self._delivery = delivery
        per_second = limits.requests_per_second_per_subject
        self._rate = None if per_second is None else SubjectRate(per_second)
        self._in_flight = 0

    async def post(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}`; raises `Refusal`."""
        self._check_load()
        event, topic = await self._judge(request, head, topic_name, trail)
        trail.event_id = event.event_id
        settled = self._refusals(event, topic)
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
        ignored = None if head.first(b"eventgate-receipt") is None else "ignored"
        return delivered(status, event.event_id, results, problems, ignored)

    async def validate(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Response:
        """The answer to `POST /topics/{topic}/validate`: all but the delivery; raises `Refusal`."""
        self._check_load()
        event, topic = await self._judge(request, head, topic_name, trail)
        trail.event_id = event.event_id
        self._refusals(event, topic)
        return json_answer(200, {"success": True, "statusCode": 200, "valid": True})

    async def authenticate(self, request: Request, head: Head) -> Claims:
        """Who the caller is; raises `Unauthenticated` or `Unavailable`."""
        token = bearer_token(head.all(b"authorization"), head.all(b"bearer"))
        seconds = self._limits.request_timeout_seconds
        if request.deadline is not None:
            seconds = max(0.0, min(seconds, request.deadline - asyncio.get_running_loop().time()))
        return await self._keyring.authenticate(token, seconds)

    def _check_load(self) -> None:
        """Asked first, so that an overloaded gate spends nothing more, and last, since a body may take its time."""
        if self._in_flight >= self._limits.max_in_flight:
            raise Overloaded("the gate has as many events under way as it may")

    async def _judge(self, request: Request, head: Head, topic_name: str, trail: Trail) -> tuple[Event, Topic]:
        claims = await self.authenticate(request, head)
        trail.subject = subject = claims.subject
        if self._rate is not None:
            self._rate.take(subject)
        policy = self._policy()
        topic = _topic(policy, topic_name)
        trail.topic = topic.name
        body = (await request.body(self._limits.max_body_bytes)).strip(json.WHITE_SPACE)
        head.check_media()
        grant = policy.access.check_topic(subject, topic.name)
        document = json.parse(body, self._limits.max_depth)
        grant.check(document)
        topic.schema.check(document, len(body))
        return _event(topic, subject, body, document, head, trail.correlation_id), topic

    def _refusals(self, event: Event, topic: Topic) -> dict[str, WriteResult]:
        """Results that are known before anything is written; raises where a required sink can never take the event."""
        settled: dict[str, WriteResult] = {}
        problems: list[Problem] = []
        too_large = False
        for name, objection in self._delivery.refusals(event, topic).items():
            if isinstance(objection, WriteResult):
                settled[name] = objection
            elif topic.uses[name].required:
                problems.append(Problem(name, objection.message, pointer=_shown(objection.pointer, event, topic)))
                too_large = too_large or objection.too_large
            else:
                settled[name] = WriteResult(Outcome.REFUSED, reason=objection.message, pointer=objection.pointer)
        if problems:
            raise UnacceptableEvent(tuple(problems), too_large=too_large)
        return settled

    def _deadline(self, request: Request, topic: Topic) -> float:
        seconds = self._limits.request_timeout_seconds
        if topic.timeout_seconds is not None:
            seconds = min(seconds, topic.timeout_seconds)
        deadline = asyncio.get_running_loop().time() + seconds
        return deadline if request.deadline is None else min(deadline, request.deadline)


def _topic(policy: Policy, name: str) -> Topic:
    topic = policy.topics.get(name)
    if topic is not None:
        return topic
    if name in policy.broken:
        raise TopicBroken
    raise TopicNotFound


def _event(topic: Topic, subject: str, body: bytes, document: Any, head: Head, correlation_id: str) -> Event:
    key = None if topic.key is None else topic.key.resolve(document)
    trace = head.first(b"traceparent")
    return Event(
        topic=topic.name,
        event_id=_event_id(topic, document, head),
        subject=subject,
        body=body,
        document=document,
        received_at=time.time(),
        correlation_id=correlation_id,
        key=None if key is MISSING else json.scalar_text(key),
        traceparent=trace.decode("ascii") if trace and _TRACEPARENT.fullmatch(trace) else None,
        options=topic.options,
    )


def _event_id(topic: Topic, document: Any, head: Head) -> str:
    if topic.event_id is not None:
        value = topic.event_id.resolve(document)
        if value is not MISSING:
            text = None if isinstance(value, bool) else json.scalar_text(value)
            if text is None or not ids.is_event_id(text):
                raise InvalidEvent((Problem("validation", _ID_RULE, pointer=topic.event_id.text),))
            return text
    keys = head.all(b"idempotency-key")
    if not keys:
        return ids.uuid7()
    try:
        text = keys[0].decode()
    except UnicodeDecodeError:
        text = ""
    if len(set(keys)) > 1 or not ids.is_event_id(text):
        raise InvalidEvent((Problem("validation", f"Idempotency-Key: {_ID_RULE}"),))
    return text


def _masked(results: dict[str, WriteResult], event: Event, topic: Topic) -> dict[str, WriteResult]:
    """The results with pointers that a caller may see."""
    for name, result in results.items():
        if result.pointer is not None:
            results[name] = msgspec.structs.replace(result, pointer=_shown(result.pointer, event, topic))
    return results


def _shown(pointer: str | None, event: Event, topic: Topic) -> str | None:
    return None if pointer is None else topic.schema.shown(pointer, event.document)
