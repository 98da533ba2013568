"""Keeping: events that are refused for what they are, as dead letters, on topics that want that."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from eventgate.core import ids, json, judging
from eventgate.core.cloudevents import unwrap
from eventgate.core.media import Form
from eventgate.core.model import Event
from eventgate.core.spool import Invalid, Spool
from eventgate.core.topics import Topic
from eventgate.errors import Refusal

log = logging.getLogger("eventgate.spool")

SECONDS: Final = 2.0
"""How long the answer to a refused event waits for it to be kept."""
LONGEST_REASON: Final = 1000
_DEPTH: Final = 512


class Source(msgspec.Struct, frozen=True):
    """Where refused events came from. `event_id` is one that the request, not the event, gives."""

    topic: Topic
    subject: str
    correlation_id: str
    traceparent: str | None
    form: Form
    event_id: str | None = None


class Keeping:
    """Puts refused events into the spool; the answer is the same whether that succeeds or not."""

    def __init__(self, spool: Spool | None) -> None:
        self._spool = spool
        self.failure: str | None = None
        """Why the last refused event was not kept."""

    async def keep(self, source: Source, refused: Sequence[tuple[bytes, str | None, Refusal]]) -> None:
        """Keep those of `refused` that are answered 400: their bytes, ids where known, and reasons. Never raises."""
        kept = [
            Invalid(_event(source, body, event_id), _reason(refusal))
            for body, event_id, refusal in refused
            if refusal.status == 400
        ]
        if self._spool is None or not kept:
            return
        try:
            failure = await self._spool.keep_invalid(kept, asyncio.get_running_loop().time() + SECONDS)
        except Exception:
            log.exception("the spool failed in a way it should not")
            failure = "the spool failed in a way it should not"
        if failure is not None:
            log.warning("refused events of the topic %s could not be kept: %s", source.topic.name, failure)
        self.failure = failure


def _event(source: Source, body: bytes, event_id: str | None) -> Event:
    """The event as far as there is one: that in a CloudEvent, if it is one, else the bytes as they came."""
    topic, document = source.topic, None
    with suppress(Refusal):
        if source.form in (Form.STRUCTURED, Form.CLOUDEVENTS):
            unwrapped = unwrap(body, _DEPTH)
            event_id, body, document = unwrapped.event_id, unwrapped.body, unwrapped.document
        else:
            document = json.parse(body, _DEPTH)
            event_id = judging.own_id(topic, document) or event_id
    return Event(
        topic=topic.name,
        event_id=event_id or source.event_id or ids.uuid7(),
        subject=source.subject,
        body=body,
        document=None,
        received_at=time.time(),
        correlation_id=source.correlation_id,
        key=judging.partition_key(topic, document),
        traceparent=source.traceparent,
    )


def _reason(refusal: Refusal) -> str:
    told = (f"{each.pointer}: {each.message}" if each.pointer else each.message for each in refusal.problems)
    return "; ".join(told)[:LONGEST_REASON]
