"""Keeping: events that are refused for what they are, as dead letters, on topics that want that."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any, Final

from eventgate.core import ids, json, judging
from eventgate.core.admission import Admitted
from eventgate.core.head import Head
from eventgate.core.model import Event
from eventgate.core.spool import Invalid, Spool
from eventgate.core.topics import Topic
from eventgate.errors import Refusal

log = logging.getLogger("eventgate.spool")

SECONDS: Final = 2.0
"""How long the answer to a refused event waits for it to be kept."""
LONGEST_REASON: Final = 1000
_DEPTH: Final = 512


class Keeping:
    """Puts refused events into the spool; the answer is the same whether that succeeds or not."""

    def __init__(self, spool: Spool | None) -> None:
        self._spool = spool
        self.failure: str | None = None
        """Why the last refused event was not kept."""

    async def keep(self, refusal: Refusal, admitted: Admitted, body: bytes, head: Head, correlation_id: str) -> None:
        """Keep the event in `body`, with the reasons that its sender is told. Never raises."""
        if self._spool is None:
            return
        topic = admitted.topic
        document = _document(body)
        event = Event(
            topic=topic.name,
            event_id=_event_id(topic, document, head),
            subject=admitted.subject,
            body=body,
            document=None,
            received_at=time.time(),
            correlation_id=correlation_id,
            key=judging.partition_key(topic, document),
            traceparent=judging.traceparent(head),
        )
        deadline = asyncio.get_running_loop().time() + SECONDS
        failure = await self._spool.keep_invalid(Invalid(event, _reason(refusal)), deadline)
        if failure is not None:
            log.warning("a refused event of the topic %s could not be kept: %s", topic.name, failure)
        self.failure = failure


def _document(body: bytes) -> Any:
    """What a pointer may look into; None where the bytes are no document."""
    with suppress(Refusal):
        return json.parse(body, _DEPTH)
    return None


def _event_id(topic: Topic, document: Any, head: Head) -> str:
    """The id that the event would have had, or a new one, so that it has one when it is replayed."""
    with suppress(Refusal):
        if (own := judging.own_id(topic, document)) is not None:
            return own
    with suppress(Refusal):
        if (given := judging.idempotency_key(head)) is not None:
            return given
    return ids.uuid7()


def _reason(refusal: Refusal) -> str:
    told = (f"{each.pointer}: {each.message}" if each.pointer else each.message for each in refusal.problems)
    return "; ".join(told)[:LONGEST_REASON]
