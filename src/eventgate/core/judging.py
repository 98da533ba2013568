"""What an event must be: I-JSON that the caller may write and the topic's schema allows, with an id of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from eventgate.core import ids, json
from eventgate.core.auth.grants import Grant
from eventgate.core.delivery import Delivery
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.pointer import MISSING
from eventgate.core.topics import CompiledSchema, Topic
from eventgate.errors import InvalidEvent, Problem, UnacceptableEvent

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NONE: Mapping[str, WriteResult] = {}
_ID_RULE = "an event id is a string of 1 to 255 characters without control characters, or an integer"


class Aside(Protocol):
    """Judges elsewhere what would take long, so that other requests have their turn."""

    async def check(self, schema: CompiledSchema, event: bytes, deadline: float) -> None:
        """Raises `InvalidEvent` unless `event`, one JSON document, matches `schema`.

        Raises `Overloaded` where that is not known by `deadline` (`loop.time()`).
        """
        ...


def left_to(aside: Aside | None, document: Any, size: int, schema: CompiledSchema) -> Aside | None:
    """Who is left to judge `document`, parsed from `size` bytes; None if it was found to match `schema`.

    That is `aside` where judging could take longer than a moment, or saying why it does not match could. Without one,
    everything is judged at once. Raises `InvalidEvent`.
    """
    if aside is None:
        schema.check(document, size)
        return None
    if size > schema.light_bytes:
        return aside
    if schema.accepts(document):
        return None
    if size > schema.explained_bytes:
        return aside
    raise schema.refusal(document, size)


def judge(body: bytes, topic: Topic, grant: Grant, max_depth: int) -> Any:
    """The document in `body`, which has no surrounding white space.

    Raises `InvalidJson`, `FieldForbidden` or `InvalidEvent`, in this order.
    """
    document = json.parse(body, max_depth)
    grant.check(document)
    topic.schema.check(document, len(body))
    return document


def own_id(topic: Topic, document: Any) -> str | None:
    """The id that the event itself has by the topic's pointer, None if it has none; raises `InvalidEvent`."""
    if topic.event_id is None:
        return None
    value = topic.event_id.resolve(document)
    if isinstance(value, str) and ids.is_event_id(value):
        return value
    if value is MISSING:
        return None
    text = None if isinstance(value, bool) else json.scalar_text(value)
    if text is None or not ids.is_event_id(text):
        raise InvalidEvent((Problem("validation", _ID_RULE, pointer=topic.event_id.text),))
    return text


def idempotency_key(head: Head) -> str | None:
    """The id that the caller gives the request; raises `InvalidEvent` for one that no event can have."""
    keys = head.all(b"idempotency-key")
    if not keys:
        return None
    try:
        text = keys[0].decode()
    except UnicodeDecodeError:
        text = ""
    if len(set(keys)) > 1 or not ids.is_event_id(text):
        raise InvalidEvent((Problem("validation", f"Idempotency-Key: {_ID_RULE}"),))
    return text


def traceparent(head: Head, trail: Trail) -> str | None:
    """The trace context that goes out with an event: the request's own place in a trace, else the caller's as it came.

    A caller's counts where it has the form that W3C Trace Context gives.
    """
    if trail.span is not None:
        return trail.span.traceparent
    trace = head.first(b"traceparent")
    return trace.decode("ascii") if trace and _TRACEPARENT.fullmatch(trace) else None


def partition_key(topic: Topic, document: Any) -> str | None:
    """The text of the topic's key in the event, None where none counts; the default of a topic without one."""
    if topic.key is None:
        return topic.default_key
    value = topic.key.resolve(document)
    return None if value is MISSING else json.scalar_text(value)


def refusals(
    delivery: Delivery, event: Event, topic: Topic, done: Mapping[str, WriteResult] = _NONE
) -> Mapping[str, WriteResult]:
    """Results that are known before anything is written, those of the writers that are `done` already among them.

    Raises `UnacceptableEvent` where a required sink can never take the event.
    """
    objections = delivery.refusals(event, topic, done)
    if not objections:
        return done
    settled = dict(done)
    problems: list[Problem] = []
    too_large = False
    for name, objection in objections.items():
        if isinstance(objection, WriteResult):
            settled[name] = objection
        elif topic.uses[name].required:
            problems.append(Problem(name, objection.message, pointer=shown(objection.pointer, event, topic)))
            too_large = too_large or objection.too_large
        else:
            settled[name] = WriteResult(Outcome.REFUSED, reason=objection.message, pointer=objection.pointer)
    if problems:
        raise UnacceptableEvent(tuple(problems), too_large=too_large)
    return settled


def shown(pointer: str | None, event: Event, topic: Topic) -> str | None:
    """`pointer` into the event, as a caller may see it."""
    return None if pointer is None else topic.schema.shown(pointer, event.document)


def masked(results: dict[str, WriteResult], event: Event, topic: Topic) -> dict[str, WriteResult]:
    """The results with pointers that a caller may see."""
    for name, result in results.items():
        if result.pointer is not None:
            results[name] = msgspec.structs.replace(result, pointer=shown(result.pointer, event, topic))
    return results
