"""The parts of the OpenAPI document that are the same for every topic: docs/api.md as schemas."""

from __future__ import annotations

from typing import Any, Final

from eventgate.core.model import Outcome
from eventgate.core.openapi import batches

REASONS: Final[dict[str, str]] = {
    "400": "Not one JSON document, or one that the topic's schema or a writer's sink does not take.",
    "401": "No token, or none that can be trusted.",
    "403": "The caller may not write to the topic, or not an event with such a field.",
    "404": "There is no such topic.",
    "405": "The path does not take this method.",
    "409": "The event id is taken by an event with other bytes.",
    "413": "The body is too large, or the batch too long.",
    "415": "The media type, the charset or the content coding is not read here.",
    "422": "The receipt is a good one, and for another event.",
    "429": "The caller sends too many requests.",
    "431": "The header fields are too many or too large.",
    "500": "A required writer failed; `writers` says what each of them did.",
    "503": "The gate cannot judge or take the event now.",
}
_RETRY: Final = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
_CORRELATION: Final = {"X-Correlation-ID": {"$ref": "#/components/headers/CorrelationId"}}
_STRING: Final = {"type": "string"}
_RECEIPT: Final = {"type": "string", "description": "What a retry sends back as EventGate-Receipt."}


def schemas() -> dict[str, Any]:
    """The envelopes of all answers."""
    return {
        "Success": _closed(
            {
                "success": {"const": True},
                "statusCode": {"const": 202},
                "event_id": _STRING,
                "writers": {"$ref": "#/components/schemas/Writers"},
                "receipt": _RECEIPT,
                "receipt_status": {"enum": ["ignored"]},
            },
            "success",
            "statusCode",
            "event_id",
            "writers",
        ),
        "Valid": _closed(
            {"success": {"const": True}, "statusCode": {"const": 200}, "valid": {"const": True}},
            "success",
            "statusCode",
            "valid",
        ),
        "Error": _object(
            {
                "success": {"const": False},
                "statusCode": {"type": "integer", "minimum": 400, "maximum": 599},
                "errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Problem"}},
                "truncated": {"type": "boolean", "description": "There may be more problems than are listed."},
                "event_id": _STRING,
                "writers": {"$ref": "#/components/schemas/Writers"},
                "results": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/Result"},
                    "description": "Of a batch whose items share this status.",
                },
                "receipt": _RECEIPT,
                "receipt_status": {"enum": ["ignored"]},
            },
            "success",
            "statusCode",
            "errors",
        ),
        "Problem": _object(
            {
                "type": _STRING,
                "message": _STRING,
                "reason": {"type": "string", "description": "A stable word, with 401 and 403."},
                "pointer": {"type": "string", "description": "JSON Pointer into the event."},
                "keyword": {"type": "string", "description": "The JSON Schema keyword that is not met."},
                "property": {"type": "string", "description": "The member that is missing."},
            },
            "type",
            "message",
        ),
        "Writers": {
            "type": "object",
            "description": "What each writer did, by its name.",
            "additionalProperties": _object({"outcome": {"enum": [outcome.value for outcome in Outcome]}}, "outcome"),
        },
        "Health": _object(
            {
                "status": {"enum": ["ok", "degraded"]},
                "uptime_seconds": {"type": "integer", "minimum": 0},
                "dependencies": {"type": "object", "additionalProperties": _STRING},
                "warnings": {"type": "array", "items": _STRING},
                "failures": {"type": "object", "additionalProperties": _STRING},
            },
            "status",
            "uptime_seconds",
            "dependencies",
            "warnings",
        ),
    }


def common() -> dict[str, Any]:
    """Everything under `components` but the schemas."""
    return {
        "responses": {
            **{status: _refusal(status) for status in REASONS},
            **{f"head.{status}": _bodiless(status) for status in ("200", *REASONS)},
            "Accepted": answer("Every required writer acknowledged every event.", batches.or_batch("Success")),
            "Valid": answer("Every event would be taken.", batches.or_batch("Valid")),
            "Mixed": answer("A batch whose items do not share one status.", {"$ref": "#/components/schemas/Batch"}),
            "Schema": answer("The schema as it was written.", {"type": ["object", "boolean"]}),
        },
        "headers": {
            "CorrelationId": {
                "schema": _STRING,
                "description": "The request's X-Correlation-ID or X-Request-ID if it is well formed, else a new one.",
            }
        },
        "parameters": {
            "IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"},
                "description": "The event id, where the event does not bring one, or a batch's own id: "
                "1 to 255 characters without control characters.",
            },
            "Receipt": {
                "name": "EventGate-Receipt",
                "in": "header",
                "schema": _STRING,
                "description": "The receipt of an earlier answer to the same bytes: only writers that still lack the "
                "event are asked.",
            },
        },
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    }


def refusals(*statuses: str) -> dict[str, Any]:
    """References to the answers with these statuses, for the `responses` of an operation."""
    return {status: shared(status) for status in statuses}


def shared(name: str) -> dict[str, str]:
    """A reference to one of the answers under `components`: many topics are to make a small document."""
    return {"$ref": f"#/components/responses/{name}"}


def answer(description: str, schema: Any, media: str = "application/json") -> dict[str, Any]:
    """A response with a body."""
    return {"description": description, "headers": _CORRELATION, "content": {media: {"schema": schema}}}


def bare(description: str, **headers: str) -> dict[str, Any]:
    """A response without a body; `headers` with what they hold."""
    named = {name: {"schema": _STRING, "description": text} for name, text in headers.items()}
    return {"description": description, "headers": {**_CORRELATION, **named}}


def read(operation_id: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    """The GET and HEAD of a path; HEAD answers the same without a body."""
    everything = {**responses, **refusals(*(status for status in ("405", "431", "500") if status not in responses))}
    without_bodies = {status: _without_body(status) for status in everything}
    return {
        "get": {"operationId": operation_id, "summary": summary, "responses": everything},
        "head": {"operationId": f"{operation_id}.head", "summary": f"{summary} No body.", "responses": without_bodies},
    }


def guarded(path: dict[str, Any]) -> dict[str, Any]:
    """`path`, whose GET and HEAD need a token."""
    refused = refusals("401", "503")
    bodiless = {status: _without_body(status) for status in refused}
    found = dict(path)
    for method, more in (("get", refused), ("head", bodiless)):
        if method in path:
            operation = path[method]
            responses = {**more, **operation["responses"]}
            found[method] = {**operation, "security": [{"bearer": []}], "responses": responses}
    return found


def _without_body(status: str) -> dict[str, Any]:
    return shared(f"head.{status}") if status == "200" or status in REASONS else _bodiless(status)


def _bodiless(status: str) -> dict[str, Any]:
    return bare(f"As GET answers {status}, without a body.")


def _refusal(status: str) -> dict[str, Any]:
    refusal = answer(REASONS[status], {"$ref": "#/components/schemas/Error"})
    if status in ("429", "503"):
        refusal["headers"] = {**_CORRELATION, **_RETRY}
    return refusal


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {**_object(properties, *required), "additionalProperties": False}
