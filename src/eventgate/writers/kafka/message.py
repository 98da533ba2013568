"""An event as a Kafka message, and what of it Kafka can never take."""

from __future__ import annotations

import re
from typing import Final

from eventgate.core.clock import timestamp
from eventgate.core.model import Event, Unacceptable
from eventgate.writers.kafka.settings import KafkaTopicSettings

Headers = dict[str, bytes]

OVERHEAD_BYTES: Final = 36
"""What librdkafka adds to key, value and headers before it compares with `message.max.bytes` (its record overhead)."""

_TOPIC: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")
_ILLEGAL_TOPIC: Final = Unacceptable("Kafka topic names have up to 249 letters, digits and ._- only")
_SURROGATES: Final = Unacceptable("Kafka cannot hold a key, event id or subject with lone surrogates")
_SHORT: Final = 1024
"""More than the overhead and the headers take whose length is fixed."""


def topic_of(event: Event, writer: str) -> str:
    """The Kafka topic that `event` goes to."""
    return named_topic(event.topic, event.options.get(writer))


def named_topic(topic: str, options: object) -> str:
    """The Kafka topic of the gate's `topic`, given its settings."""
    named = options.topic if isinstance(options, KafkaTopicSettings) else None
    return named or topic


def key_of(event: Event) -> bytes | None:
    """The message's key. An empty one is not the same as none."""
    return None if event.key is None else event.key.encode()


def headers_of(event: Event, *, subject: bool) -> Headers:
    """The message's headers, in a fixed order."""
    headers = {
        "eventgate-event-id": event.event_id.encode(),
        "eventgate-body-sha256": event.sha256.encode(),
        "eventgate-topic": event.topic.encode(),
        "eventgate-correlation-id": event.correlation_id.encode(),
    }
    if event.traceparent is not None:
        headers["traceparent"] = event.traceparent.encode()
    if subject or event.replayed_at is not None:
        headers["eventgate-subject"] = event.subject.encode()
    if event.replayed_at is not None:
        headers["eventgate-received-at"] = timestamp(event.received_at).encode()
        headers["eventgate-replayed"] = timestamp(event.replayed_at).encode()
    return headers


def refuse(event: Event, topic: str, *, subject: bool, max_bytes: int) -> Unacceptable | None:
    """Why Kafka can never take `event`; None if it may."""
    if _TOPIC.fullmatch(topic) is None:
        return _ILLEGAL_TOPIC
    try:
        texts = len(f"{event.topic}{event.event_id}{event.subject}{event.correlation_id}{event.key or ''}".encode())
    except UnicodeEncodeError:
        return _SURROGATES
    if len(event.body) + texts + _SHORT <= max_bytes:
        return None
    if wire_bytes(key_of(event), event.body, headers_of(event, subject=subject)) <= max_bytes:
        return None
    return Unacceptable(f"Kafka is set to take messages of up to {max_bytes:,} bytes", too_large=True)


def wire_bytes(key: bytes | None, value: bytes, headers: Headers) -> int:
    """The size of a message as librdkafka counts it."""
    size = OVERHEAD_BYTES + len(key or b"") + len(value)
    for name, text in headers.items():
        encoded = name.encode()
        size += _varint_bytes(len(encoded)) + len(encoded) + _varint_bytes(len(text)) + len(text)
    return size


def _varint_bytes(number: int) -> int:
    """How long a length is: zigzag-encoded, seven bits a byte (Kafka protocol guide, "Protocol Primitive Types")."""
    return max(1, -(-(number << 1).bit_length() // 7))
