"""Making events."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from eventgate.core.model import Event


def make_event(
    document: Any = None,
    *,
    body: bytes | None = None,
    topic: str = "orders",
    event_id: str | None = None,
    subject: str = "tester",
    received_at: float | None = None,
    correlation_id: str = "test",
    key: str | None = None,
    traceparent: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Event:
    """An event as the gate would hand it to a writer: `document` and `body` fit, and so does the digest.

    Give one of the two; without either it is a small object. The event id is random unless given.
    """
    if body is None:
        body = msgspec.json.encode({"order": 1} if document is None else document)
    return Event(
        topic=topic,
        event_id=str(uuid.uuid4()) if event_id is None else event_id,
        subject=subject,
        body=body,
        document=msgspec.json.decode(body),
        received_at=time.time() if received_at is None else received_at,
        correlation_id=correlation_id,
        key=key,
        traceparent=traceparent,
        options=options or {},
    )
