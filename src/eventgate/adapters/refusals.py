"""Answers that a host gives by itself, where no gate is there to be asked."""

from __future__ import annotations

from eventgate.core import ids, responses
from eventgate.core.instruments import Instruments, Trail
from eventgate.core.model import Headers, Response
from eventgate.errors import InternalError, Refusal


def refused(
    refusal: Refusal,
    instruments: Instruments,
    headers: Headers = (),
    *,
    method: str = "",
    request_id: str | None = None,
    defect: Exception | None = None,
) -> Response:
    """The answer to a request with these `headers`, with its correlation id, as the gateway would give it.

    `instruments` are told, as the gateway would tell them.
    """
    correlation = _correlation_id(headers, request_id)
    instruments.finished(
        Trail(method or "?", "", correlation, refusal.status, problems=refusal.problems, defect=defect)
    )
    return _correlated(responses.refused(refusal), correlation)


def failed(
    defect: Exception,
    instruments: Instruments,
    headers: Headers = (),
    *,
    method: str = "",
    request_id: str | None = None,
) -> Response:
    """The answer to a request that met an error which nobody foresaw; it is logged with its traceback."""
    return refused(InternalError(), instruments, headers, method=method, request_id=request_id, defect=defect)


def correlated(response: Response, headers: Headers, request_id: str | None = None) -> Response:
    """`response` with the correlation id of the request that had these `headers`."""
    return _correlated(response, _correlation_id(headers, request_id))


def _correlated(response: Response, correlation: str) -> Response:
    field = (b"x-correlation-id", correlation.encode())
    return Response(response.status, [*response.headers, field], response.body)


def _correlation_id(headers: Headers, request_id: str | None) -> str:
    offered = [_first(headers, b"x-correlation-id"), _first(headers, b"x-request-id")]
    return ids.correlation_id(*offered, None if request_id is None else request_id.encode())


def _first(headers: Headers, wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name == wanted), None)
