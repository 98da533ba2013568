"""Events as entries of PutEvents: what stands on them, how AWS counts their bytes, and what it does not take."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from eventgate.core.json import holds_integer_outside, scalar_text
from eventgate.core.model import Event, Unacceptable
from eventgate.core.pointer import Pointer
from eventgate.writers.eventbridge.settings import EventBridgeSettings, EventBridgeTopicSettings

MAX_ENTRIES: Final = 10
"""Most entries of one request (EventBridge API reference, PutEvents)."""
MAX_DETAIL_TYPE: Final = 128
"""Longest `DetailType`, in characters."""

_TIME_BYTES: Final = 14
_INTEGERS: Final = range(-(2**63), 2**63)
"""What a JSON integer may be (EventBridge API reference, PutEvents)."""
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-([0-9a-f]{2})")
_OWN: Final = EventBridgeTopicSettings()


class Entry(msgspec.Struct, frozen=True):
    """One entry of a request, and its size in bytes as AWS counts it."""

    members: dict[str, Any]
    size: int


def compose(event: Event, name: str, settings: EventBridgeSettings) -> Entry | Unacceptable:
    """The entry that hands on `event`, or why there can be none. `name` is the writer's."""
    own = event.options.get(name) or _OWN
    detail_type = _detail_type(event, own.detail_type or settings.detail_type)
    if isinstance(detail_type, Unacceptable):
        return detail_type
    source = own.source or settings.source or event.topic
    if source.startswith("aws."):
        return Unacceptable("EventBridge keeps sources that begin with `aws.` for AWS; the topic needs a `source`")
    if not event.body.startswith(b"{"):
        return Unacceptable("EventBridge takes JSON objects only")
    resources = settings.resources if own.resources is None else own.resources
    members: dict[str, Any] = {
        "EventBusName": settings.event_bus_arn,
        "Source": source,
        "DetailType": detail_type,
        "Detail": event.body.decode("utf-8"),
        "Time": event.received_at,
    }
    if resources:
        members["Resources"] = list(resources)
    trace = trace_header(event.traceparent)
    if trace is not None:
        members["TraceHeader"] = trace
    texts = (source, detail_type, *resources)
    return Entry(members, _TIME_BYTES + len(event.body) + sum(len(text.encode("utf-8")) for text in texts))


def refusal(event: Event, name: str, settings: EventBridgeSettings) -> Unacceptable | None:
    """Why EventBridge can never take `event`; None if it may."""
    entry = compose(event, name, settings)
    if isinstance(entry, Unacceptable):
        return entry
    if entry.size > settings.max_request_bytes:
        return Unacceptable(
            f"EventBridge takes entries of at most {settings.max_request_bytes} bytes, source, detail type, time and "
            f"resources included",
            too_large=True,
        )
    if _LONG_NUMBER.search(event.body) and holds_integer_outside(_INTEGERS, event.document):
        return Unacceptable("EventBridge takes integers of 64 bits only")
    return None


def requests(numbered: Sequence[tuple[int, Entry]], max_bytes: int) -> Iterator[list[tuple[int, Entry]]]:
    """`numbered` entries in order, cut into requests that AWS takes."""
    request: list[tuple[int, Entry]] = []
    size = 0
    for number, entry in numbered:
        if request and (len(request) == MAX_ENTRIES or size + entry.size > max_bytes):
            yield request
            request, size = [], 0
        request.append((number, entry))
        size += entry.size
    if request:
        yield request


def target(topic: str, options: object, settings: EventBridgeSettings) -> str:
    """The bus, and by what its rules tell the entries of `topic` from others."""
    own = options if isinstance(options, EventBridgeTopicSettings) else _OWN
    source = own.source or settings.source or topic
    detail_type = own.detail_type or settings.detail_type
    return "\n".join((settings.event_bus_arn, settings.endpoint_url or "", source, detail_type))


def trace_header(traceparent: str | None) -> str | None:
    """A W3C `traceparent` as the X-Ray header that stands for the same trace; None where there is none.

    A W3C trace id is an X-Ray one with a dash after its eighth digit (AWS X-Ray developer guide, "Trace ID format").
    """
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return None
    first, rest, parent, flags = match.groups()
    return f"Root=1-{first}-{rest};Parent={parent};Sampled={int(flags, 16) & 1}"


def _detail_type(event: Event, setting: str) -> str | Unacceptable:
    if not setting.startswith("/"):
        return setting
    text = scalar_text(_pointer(setting).resolve(event.document))
    if text is None:
        return Unacceptable("the event's detail type must be a string, an integer or a boolean", pointer=setting)
    if not 1 <= len(text) <= MAX_DETAIL_TYPE:
        message = f"the event's detail type must have 1 to {MAX_DETAIL_TYPE} characters"
        return Unacceptable(message, pointer=setting)
    return text


@functools.lru_cache(maxsize=1024)
def _pointer(text: str) -> Pointer:
    return Pointer(text)
