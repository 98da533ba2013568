"""Answers that a host gives by itself, where no gate is there to be asked."""

from __future__ import annotations

from eventgate.core import ids, responses
from eventgate.core.model import Headers, Response
from eventgate.errors import Refusal


def refused(refusal: Refusal, headers: Headers = (), request_id: str | None = None) -> Response:
    """The answer to a request with these `headers`, with its correlation id, as the gateway would give it."""
    return correlated(responses.refused(refusal), headers, request_id)


def correlated(response: Response, headers: Headers, request_id: str | None = None) -> Response:
    """`response` with the correlation id of the request that had these `headers`."""
    offered = [_first(headers, b"x-correlation-id"), _first(headers, b"x-request-id")]
    offered.append(None if request_id is None else request_id.encode())
    field = (b"x-correlation-id", ids.correlation_id(*offered).encode())
    return Response(response.status, [*response.headers, field], response.body)


def _first(headers: Headers, wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name == wanted), None)
