"""What passes through the gate: requests, responses, claims, events, and each writer's result."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

Headers = Sequence[tuple[bytes, bytes]]
"""Header fields in the order received; names lower-cased."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request, whatever host it came through.

    `path` is percent-decoded, without query, stage or mount prefix. `body(limit)` reads the whole
    body once and raises `BodyTooLarge` past `limit` bytes; nothing is read before it is called.
    `request_id` is the API gateway's. `deadline` (`loop.time()` seconds) is the host's own, if it has one.
    `outer_path` is the path with prefix, as the client asked for it, where the host is told.
    """

    method: str
    path: str
    headers: Headers
    body: Callable[[int], Awaitable[bytes]]
    request_id: str | None = None
    deadline: float | None = None
    outer_path: str | None = None


class Response(msgspec.Struct, frozen=True, gc=False):
    """One answer. `headers` include content-type; the host adds content-length from `body`."""

    status: int
    headers: Headers
    body: bytes


class Claims(msgspec.Struct, frozen=True, gc=False):
    """What the gate takes from a verified token. `expires_at` is in epoch seconds, leeway not added."""

    subject: str
    expires_at: float


class Event(msgspec.Struct, frozen=True, gc=False):
    """One validated event on its way to the writers.

    `body` holds the bytes that were validated, without surrounding white space: what a writer hands on.
    `document` is the same, parsed: to read from, never to re-encode.
    `key` is the topic's key pointer resolved to text. `received_at` is in epoch seconds.
    `options` holds the topic's settings for each writer, by the writer's name.
    `replayed_at`: when it was taken out of the dead letters, if it was (epoch seconds).
    """

    topic: str
    event_id: str
    subject: str
    body: bytes
    document: Any
    received_at: float
    correlation_id: str
    key: str | None = None
    traceparent: str | None = None
    options: Mapping[str, Any] = {}
    replayed_at: float | None = None

    @property
    def sha256(self) -> str:
        """The hex digest of `body`; computed at every call, for the few that ask."""
        return hashlib.sha256(self.body).hexdigest()


class Outcome(enum.StrEnum):
    """What a writer can say of an event (contract, section 3)."""

    DELIVERED = "delivered"
    """The sink acknowledged it."""
    DUPLICATE = "duplicate"
    """The sink already has this event id with these bytes."""
    CONFLICT = "conflict"
    """The sink already has this event id with other bytes."""
    REFUSED = "refused"
    """The sink can never take it."""
    FAILED = "failed"
    """It is certainly not in the sink."""
    UNKNOWN = "unknown"
    """It may have landed."""
    DEFERRED = "deferred"
    """Spooled durably for redelivery."""
    SKIPPED = "skipped"
    """Not tried; `reason` says why."""


class WriteResult(msgspec.Struct, frozen=True, gc=False):
    """One writer's answer for one event.

    `position` says where it lies (Kafka partition and offset, table and key, ...). `reason` is a short text
    for people, without values or addresses. `pointer` is the place in the event that was refused, where known.
    """

    outcome: Outcome
    position: Mapping[str, str | int] = {}
    reason: str | None = None
    pointer: str | None = None


class Unacceptable(msgspec.Struct, frozen=True, gc=False):
    """Why a sink can never take an event; `too_large` makes it 413 instead of 400."""

    message: str
    pointer: str | None = None
    too_large: bool = False
