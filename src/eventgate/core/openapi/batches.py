"""What OpenAPI says of batches and CloudEvents: their media types, and the answer with a result for each item."""

from __future__ import annotations

from typing import Any, Final

_PREFIX: Final = "#/components/schemas/"
_TEXT: Final = {"type": "string", "minLength": 1}
_ID: Final = {**_TEXT, "maxLength": 255, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
BATCH: Final = (
    "An array of such CloudEvents may be sent as `application/cloudevents-batch+json`. It is not listed below: "
    "an array with items that are wrong is not refused for them, but has a result for each."
)
"""What a post's body is besides its media types."""


def bodies(event: dict[str, str]) -> dict[str, Any]:
    """The `content` of a post's body, where `event` refers to the topic's schema."""
    cloudevent = {
        "allOf": [_of("CloudEvent")],
        "type": "object",
        "required": ["data"],
        "properties": {"data": event},
    }
    lines = {"type": "string", "description": "One event a line; blank lines do not count."}
    return {
        "application/json": {"schema": event},
        "application/x-ndjson": {"schema": lines},
        "application/cloudevents+json": {"schema": cloudevent},
    }


def or_batch(single: str) -> dict[str, Any]:
    """The schema of an answer to an event, the component `single`, or to a batch."""
    return {"anyOf": [_of(single), _of("Batch")]}


def schemas() -> dict[str, Any]:
    """The components."""
    problems = {"type": "array", "items": _of("Problem")}
    results = {"type": "array", "minItems": 1, "items": _of("Result"), "description": "In the order of the batch."}
    return {
        "CloudEvent": {
            "type": "object",
            "description": "A CloudEvent 1.0, whose data is the event and whose id is the event id.",
            "required": ["specversion", "id", "source", "type"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": _ID,
                "source": _TEXT,
                "type": _TEXT,
                "datacontenttype": {"enum": ["application/json", None], "description": "A type of JSON."},
            },
        },
        "Batch": {
            "type": "object",
            "description": "A result for every item of a batch.",
            "required": ["success", "statusCode", "results"],
            "properties": {
                "success": {"type": "boolean", "description": "Whether all items were accepted."},
                "statusCode": {"type": "integer", "description": "The status that all items share, else 207."},
                "valid": {"type": "boolean", "description": "Of `/validate`: whether all items are valid."},
                "results": results,
                "receipt": {"type": "string", "description": "For the whole batch, to send again with the same bytes."},
                "receipt_status": {"enum": ["ignored"]},
            },
        },
        "Result": {
            "type": "object",
            "required": ["index", "status", "retryable", "errors"],
            "properties": {
                "index": {"type": "integer", "minimum": 0},
                "status": {"type": "integer"},
                "valid": {"type": "boolean", "description": "Of `/validate`, instead of `event_id` and `writers`."},
                "event_id": {"type": ["string", "null"], "description": "null where the item got no further."},
                "writers": _of("Writers"),
                "retryable": {"type": "boolean", "description": "Whether the item may succeed later as it is."},
                "errors": problems,
                "truncated": {"type": "boolean", "description": "There may be more problems than are listed."},
            },
        },
    }


def _of(name: str) -> dict[str, str]:
    return {"$ref": _PREFIX + name}
