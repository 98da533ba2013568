"""What a trace says of a request: names and attributes of its spans, after OpenTelemetry's semantic conventions.

They come from the gate's own routes, types and configuration, and from what sinks answered. Neither event id nor
subject is among them: the log has these, with the trace's id beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult

Value = str | int
Attributes = dict[str, Value]

OTHER: Final = "_OTHER"
"""The method of who makes one up (HTTP semantic conventions, `http.request.method`)."""

_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_MESSAGING: Final = {"kafka": "kafka", "eventbridge": "aws.eventbridge"}
_DATABASES: Final = {"postgres": "postgresql", "sqlite": "sqlite"}
_BAD: Final = (Outcome.CONFLICT, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.FAILED)
_POSITIONS: Final = {
    "topic": "messaging.destination.name",
    "partition": "messaging.destination.partition.id",
    "offset": "messaging.kafka.offset",
    "id": "messaging.message.id",
    "table": "db.collection.name",
}
"""What of a position is shown. A row's key is left out: it may be the event's id."""
_TEXTS: Final = frozenset({"messaging.destination.partition.id"})


class Told(msgspec.Struct, frozen=True):
    """A span's name, kind and attributes; `error` is why something went wrong, without values; None if nothing did."""

    name: str
    kind: Literal["server", "producer", "client", "internal"]
    attributes: Attributes
    error: str | None = None


def method_of(method: str) -> str:
    """`method`, if HTTP knows it."""
    return method if method in _METHODS else OTHER


def request_span(trail: Trail) -> Told:
    """The span of a request (HTTP semantic conventions, "HTTP server span")."""
    method = method_of(trail.method)
    attributes: Attributes = {
        "http.request.method": method,
        "http.response.status_code": trail.status,
        "eventgate.correlation_id": trail.correlation_id,
    }
    if trail.route:
        attributes["http.route"] = trail.route
    if trail.topic is not None:
        attributes["eventgate.topic"] = trail.topic
    if trail.items:
        attributes["eventgate.batch.events"] = sum(trail.items.values())
    if trail.status >= 400:
        problem = trail.problems[0] if trail.problems else None
        attributes["error.type"] = str(trail.status) if problem is None else problem.type
        if problem is not None and problem.reason is not None:
            attributes["eventgate.reason"] = problem.reason
    failed = trail.status >= 500 or any(status >= 500 for status in trail.items)
    name = "HTTP" if method == OTHER else method
    told = trail.problems[0].message if trail.problems else ""
    return Told(f"{name} {trail.route}".rstrip(), "server", attributes, told if failed else None)


def write_span(trail: Trail, writer: str, kind: str) -> Told:
    """The span of a write to the sink of `writer`, which is of type `kind`.

    "Messaging spans" for a sink that takes messages, "Database client spans" for one that holds rows.
    """
    attributes: Attributes = {"eventgate.writer": writer}
    result = trail.results.get(writer)
    error = _one(attributes, result) if result is not None else _many(attributes, trail.outcomes.get(writer, {}))
    if kind in _MESSAGING:
        attributes |= {
            "messaging.system": _MESSAGING[kind],
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
        }
        if result is None:
            attributes["messaging.batch.message_count"] = sum(trail.outcomes.get(writer, {}).values())
        name = f"send {attributes.get('messaging.destination.name', '')}".rstrip()
        return Told(name, "producer", attributes, error)
    if kind in _DATABASES:
        attributes["db.system.name"] = _DATABASES[kind]
        return Told(str(attributes.get("db.collection.name", _DATABASES[kind])), "client", attributes, error)
    return Told(f"write {writer}", "internal", attributes, error)


def _one(attributes: Attributes, result: WriteResult) -> str | None:
    """Note what a writer said of one event; why it is not there."""
    attributes["eventgate.outcome"] = result.outcome.value
    for name, attribute in _POSITIONS.items():
        if (value := result.position.get(name)) is not None:
            attributes[attribute] = str(value) if attribute in _TEXTS else value
    if result.outcome not in _BAD:
        return None
    attributes["error.type"] = result.outcome.value
    return result.reason or result.outcome.value


def _many(attributes: Attributes, outcomes: Mapping[Outcome, int]) -> str | None:
    """Note what a writer said of a batch's events; the worst of it, if that is bad."""
    for outcome, count in outcomes.items():
        attributes[f"eventgate.outcomes.{outcome.value}"] = count
    worst = next((outcome for outcome in reversed(_BAD) if outcomes.get(outcome)), None)
    if worst is None:
        return None
    attributes["error.type"] = worst.value
    return worst.value
