"""What a spooled event looks like as an SQS message: JSON for people too, the event in it byte for byte."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, Final

import msgspec

from eventgate.core.model import Event, WriteResult
from eventgate.spool.entries import DeadLetter, DeathReason, Settlement, Write

DEFAULT_BYTES: Final = 262_144
"""What every queue takes, where its own limit is not known (SQS developer guide, "Message quotas")."""

_UNSENDABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that SQS does not take (SQS API reference, SendMessage)."""


class Other(msgspec.Struct, frozen=True):
    """A writer that gets the event once the guard holds it."""

    writer: str
    outcome: str
    reason: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One write that is still to be made, or (with `why`) a dead letter. Times are in epoch seconds.

    `writer` is empty for an event that the gate refused. The event is `event`, or where SQS would not take its
    characters `base64`. Version 1 of the form.
    """

    topic: str
    event_id: str
    subject: str
    received_at: float
    correlation_id: str
    writer: str
    outcome: str
    deferred_at: float
    eventgate: int = 1
    key: str | None = None
    traceparent: str | None = None
    reason: str | None = None
    attempts: int = 0
    then: tuple[Other, ...] = ()
    why: DeathReason | None = None
    died_at: float | None = None
    event: msgspec.Raw = msgspec.Raw()
    base64: str | None = None

    @property
    def body(self) -> bytes:
        """The event's bytes."""
        return bytes(self.event) if self.base64 is None else base64.b64decode(self.base64)


def deferred(event: Event, writer: str, result: WriteResult, now: float, then: tuple[Other, ...] = ()) -> Message:
    """The message for a writer that lacks `event`."""
    return _of(event, writer, str(result.outcome), result.reason, now, then=then)


def following(message: Message, now: float) -> list[Message]:
    """The messages for the writers that waited for the one of `message`, which holds the event now."""
    plain = msgspec.structs.replace(message, then=(), attempts=0)
    return [
        msgspec.structs.replace(plain, writer=each.writer, outcome=each.outcome, reason=each.reason)
        for each in message.then
    ]


def dead(message: Message, settlement: Settlement, now: float) -> list[Message]:
    """The dead letters that `message` becomes: its own, and those of the writers that waited for it."""
    own = msgspec.structs.replace(
        message,
        then=(),
        why=settlement.why,
        outcome=str(settlement.result.outcome),
        reason=settlement.result.reason,
        attempts=message.attempts + 1,
        died_at=now,
    )
    reason = f"the guard {message.writer} does not hold it"
    return [
        own,
        *(msgspec.structs.replace(own, writer=each.writer, why="guard", reason=reason) for each in message.then),
    ]


def invalid(event: Event, reason: str, now: float) -> Message:
    """The dead letter of an event that the gate refused."""
    return _of(event, "", "invalid", reason, now, why="invalid", died_at=now)


def _of(event: Event, writer: str, outcome: str, reason: str | None, now: float, **more: Any) -> Message:
    return Message(
        topic=event.topic,
        event_id=event.event_id,
        subject=event.subject,
        received_at=event.received_at,
        correlation_id=event.correlation_id,
        key=event.key,
        traceparent=event.traceparent,
        writer=writer,
        outcome=outcome,
        reason=reason,
        deferred_at=now,
        event=msgspec.Raw(event.body),
        **more,
    )


def encode(message: Message) -> str:
    """The message's text."""
    head = {
        name: msgspec.to_builtins(value)
        for name, value in msgspec.structs.asdict(message).items()
        if name not in ("event", "base64") and value not in (None, ())
    }
    text = json.dumps(head)[:-1]
    raw = _text(message.body) if message.why != "invalid" else None
    if raw is None:
        return f'{text}, "base64": "{base64.b64encode(message.body).decode()}"}}'
    return f'{text}, "event": {raw}}}'


def decode(text: str) -> Message:
    """The message in `text`; raises `ValueError` for one that is not ours."""
    try:
        message = msgspec.json.decode(text.encode(), type=Message)
        message.body  # noqa: B018 # what is no base64 must be found here
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ValueError("not a message of the spool") from error
    if message.eventgate != 1 or (not message.event and message.base64 is None):
        raise ValueError("not a message of this version of the spool")
    return message


def write_of(message: Message, id: str, attempts: int) -> Write:
    """The write that `message` asks for, tried `attempts` times before."""
    return Write(id, event_of(message), message.writer, message.outcome, message.reason, attempts, message.deferred_at)


def letter_of(message: Message, id: str) -> DeadLetter:
    """The dead letter in `message`; one that SQS itself moved says nothing about its end."""
    return DeadLetter(
        id,
        event_of(message),
        message.writer or None,
        message.why or "expired",
        message.reason,
        message.attempts,
        message.deferred_at,
        message.died_at or message.deferred_at,
    )


def event_of(message: Message) -> Event:
    """The event, without document and options."""
    return Event(
        topic=message.topic,
        event_id=message.event_id,
        subject=message.subject,
        body=message.body,
        document=None,
        received_at=message.received_at,
        correlation_id=message.correlation_id,
        key=message.key,
        traceparent=message.traceparent,
    )


def lane(message: Message) -> str:
    """What a FIFO queue keeps in order: the events of one key for one writer; an event without a key by itself."""
    parts = (message.topic, message.writer, message.key or "", "" if message.key else message.event_id)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _text(body: bytes) -> str | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if _UNSENDABLE.search(text) else text
