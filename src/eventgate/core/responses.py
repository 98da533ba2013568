"""The wire form of every answer (docs/api.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from eventgate.core.model import Headers, Response, WriteResult
from eventgate.errors import Problem, Refusal

JSON = (b"content-type", b"application/json")
RETRY_AFTER = (b"retry-after", b"5")
"""In seconds: for what neither a writer nor the spool took."""
YAML = (b"content-type", b"application/yaml")

_encode = msgspec.json.Encoder().encode


class _Accepted(msgspec.Struct, omit_defaults=True):
    """A delivered event."""

    success: bool
    statusCode: int  # noqa: N815  # the wire name that the gate's clients know
    event_id: str
    writers: Mapping[str, Mapping[str, Any]]
    receipt: str | None = None
    receipt_status: str | None = None


class _Error(msgspec.Struct, omit_defaults=True):
    """Any refusal; the last members only where writers were asked."""

    success: bool
    statusCode: int  # noqa: N815  # the wire name that the gate's clients know
    errors: Sequence[Problem]
    truncated: bool = False
    event_id: str | None = None
    writers: Mapping[str, Mapping[str, Any]] | None = None
    receipt: str | None = None
    receipt_status: str | None = None


def json_answer(status: int, body: Any, *headers: tuple[bytes, bytes]) -> Response:
    """An answer whose body is `body` as JSON."""
    return Response(status, (JSON, *headers), _encode(body))


def empty_answer(status: int, headers: Headers) -> Response:
    """An answer without a body."""
    return Response(status, tuple(headers), b"")


def refused(refusal: Refusal) -> Response:
    """The answer to a request that was refused before any writer was asked."""
    body = _Error(False, refusal.status, refusal.problems, refusal.truncated)
    return json_answer(refusal.status, body, *refusal.headers)


def delivered(
    status: int,
    event_id: str,
    results: Mapping[str, WriteResult],
    problems: Sequence[Problem],
    receipt: str | None = None,
    receipt_status: str | None = None,
) -> Response:
    """The answer of an event that reached the writers, delivered or not."""
    writers = {name: wire(result) for name, result in results.items()}
    if status == 202:
        return json_answer(status, _Accepted(True, status, event_id, writers, receipt, receipt_status))
    error = _Error(False, status, problems, False, event_id, writers, receipt, receipt_status)
    return json_answer(status, error, RETRY_AFTER) if status == 503 else json_answer(status, error)


def wire(result: WriteResult) -> dict[str, Any]:
    """One writer's result as the caller reads it."""
    body: dict[str, Any] = {"outcome": result.outcome, **result.position}
    if result.reason is not None:
        body["reason"] = result.reason
    if result.pointer is not None:
        body["pointer"] = result.pointer
    return body
