"""What requests and answers say, as far as a campaign wants to know."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.campaign.records import Key, Said

UNREADABLE = "unreadable"
_PLACES = ("offset", "row")
"""What Kafka and SQLite call it; of a conflict, it is where the other document lies. Topics have one partition here."""


def document(event_id: str, **members: Any) -> bytes:
    """An event in the one form that all events of a campaign have: what is read back can be written so again."""
    return canonical({"event_id": event_id, **members})


def canonical(event: Any) -> bytes:
    """The bytes of an event."""
    return json.dumps(event, sort_keys=True, separators=(",", ":")).encode()


def key_of(topic: str, body: bytes) -> Key:
    """The key of the event with these bytes."""
    return Key(topic, json.loads(body)["event_id"], hashlib.sha256(body).hexdigest())


def events_in(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Key, ...]:
    """The events that a request posts; names of `headers` are in lower case."""
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    topic = path.split("/")[2]
    batch = (headers.get("content-type") or "").startswith("application/x-ndjson")
    parts = body.split(b"\n") if batch else [body]
    return tuple(key_of(topic, part.strip()) for part in parts if part.strip())


def answers_in(status: int, body: bytes, count: int) -> tuple[tuple[Said, ...], str | None, bool]:
    """What is said of each of `count` events, the receipt, and whether the receipt that was brought was honoured."""
    try:
        answer = json.loads(body)
        results = answer.get("results")
        said = tuple(map(_said, [each["status"] for each in results], results)) if results else ()
        if not results or len(said) != count:
            said = (_said(status, {} if results else answer),) * count
    except (ValueError, TypeError, KeyError, AttributeError):
        return (Said(status, {}, (UNREADABLE,)),) * count, None, True
    return said, short(answer.get("receipt")), answer.get("receipt_status") != "ignored"


def _said(status: int, answer: Mapping[str, Any]) -> Said:
    results = answer.get("writers") or {}
    outcomes = {name: result["outcome"] for name, result in results.items()}
    own = {name: result for name, result in results.items() if result["outcome"] != "conflict"}
    places = {name: result[place] for name, result in own.items() for place in _PLACES if place in result}
    if "statusCode" not in answer and "index" not in answer:
        return Said(status, {}, (UNREADABLE,))
    return Said(status, outcomes, tuple(error["type"] for error in answer.get("errors") or ()), places)


def short(receipt: str | None) -> str | None:
    """A name for a receipt."""
    return None if receipt is None else hashlib.sha256(receipt.encode()).hexdigest()[:24]
