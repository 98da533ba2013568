"""The spool in an SQS queue: one message for each writer that lacks an event."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence, Set
from typing import Final
from urllib.parse import urlsplit

from eventgate.aws.client import Client
from eventgate.aws.faults import AwsFailure
from eventgate.core.spool import Deferral, Invalid, SpoolStatus, Untaken
from eventgate.errors import SinkUnavailable
from eventgate.spool.sqs import message
from eventgate.spool.sqs.queue import FIFO, Outgoing, Queue

DEAD: Final = "-dead-letters"
"""What is added to a queue's name for its dead letters, where its RedrivePolicy names no other queue."""
FULL: Final = "the spool is full"
FORGETFUL: Final = "the queue forgets messages before spool.max_age_seconds have passed"
NO_DEAD_LETTERS: Final = (
    "the queue has no queue for dead letters: neither a RedrivePolicy nor one of the name with "
    + (f"{DEAD} at its end")
)

Sent = tuple[int, str]
"""Which deferral a message is for, and which writer."""


class SqsSpool:
    """A spool at the queue called `name`, or at that URL."""

    def __init__(self, name: str, max_events: int, max_age_seconds: int, ca_bundle: bool | str) -> None:
        self.client = Client("sqs", region=_region(name), ca_bundle=ca_bundle)
        self.queue = Queue(self.client, name)
        self.max_age_seconds = max_age_seconds
        self._max_events = max_events
        self._dead: Queue | None = None

    async def defer(self, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
        """As the protocol says."""
        try:
            attributes = await self.queue.attributes(deadline)
            count = await self.queue.count(deadline)
        except AwsFailure as problem:
            return _all(deferrals, Untaken(f"SQS: {problem.reason}"))
        if int(attributes.get("MessageRetentionPeriod", 2**31)) <= self.max_age_seconds:
            return _all(deferrals, Untaken(FORGETFUL))
        if count is not None and count >= self._max_events:
            return _all(deferrals, Untaken(FULL))
        limit = _limit(attributes)
        now = time.time()
        messages = [(place, each) for place, deferral in enumerate(deferrals) for each in _messages(deferral, now)]
        return await self._send(deferrals, messages, limit, deadline)

    async def waiting(self, topic: str, keys: Set[str], deadline: float) -> Mapping[str, Set[str]]:
        """Nobody can look into a queue."""
        return {}

    async def keep_invalid(self, invalid: Sequence[Invalid], deadline: float) -> str | None:
        """As the protocol says."""
        now = time.time()
        try:
            untaken = await self.bury([message.invalid(each.event, each.reason, now) for each in invalid], deadline)
        except AwsFailure as problem:
            return problem.reason
        return next((each.reason for each in untaken if each is not None), None)

    async def status(self, deadline: float) -> SpoolStatus:
        """As the protocol says; SQS does not tell how old its messages are."""
        notes: list[str] = []
        try:
            attributes = await self.queue.attributes(deadline)
            count = await self.queue.count(deadline)
            dead = await self.dead_letters(deadline)
            buried = None if dead is None else await dead.count(deadline)
        except AwsFailure as problem:
            raise SinkUnavailable(problem.reason) from None
        if int(attributes.get("MessageRetentionPeriod", 2**31)) <= self.max_age_seconds:
            raise SinkUnavailable(FORGETFUL)
        if dead is None:
            notes.append(f"spool: {NO_DEAD_LETTERS}")
        return SpoolStatus(count, None, buried, tuple(notes))

    async def dead_letters(self, deadline: float) -> Queue | None:
        """The queue for dead letters; None where there is none."""
        if self._dead is None:
            policy = json.loads((await self.queue.attributes(deadline)).get("RedrivePolicy", "{}"))
            arn = str(policy.get("deadLetterTargetArn", "")).split(":")
            if len(arn) == len(["arn", "aws", "sqs", "region", "account", "name"]):
                self._dead = Queue(self.client, arn[5], arn[4])
            else:
                named = Queue(self.client, _dead_name(self.queue))
                try:
                    await named.url(deadline)
                except AwsFailure as problem:
                    if not problem.missing:
                        raise
                    return None
                self._dead = named
        return self._dead

    async def bury(self, letters: Sequence[message.Message], deadline: float) -> list[Untaken | None]:
        """Put `letters` into the queue for dead letters; of each why that did not succeed. Raises `AwsFailure`."""
        dead = await self.dead_letters(deadline)
        if dead is None:
            return [Untaken(NO_DEAD_LETTERS)] * len(letters)
        limit = _limit(await dead.attributes(deadline))
        outgoing = [Outgoing(message.encode(each), message.lane(each)) for each in letters]
        fitting = [each for each in outgoing if each.size <= limit]
        told = iter(await dead.send(fitting, limit, deadline))
        return [next(told) if each.size <= limit else Untaken(_too_large(limit)) for each in outgoing]

    async def send(self, messages: Sequence[message.Message], deadline: float) -> list[Untaken | None]:
        """Put `messages` into the queue; of each why that did not succeed. Raises `AwsFailure`."""
        limit = _limit(await self.queue.attributes(deadline))
        outgoing = [Outgoing(message.encode(each), message.lane(each)) for each in messages]
        return await self.queue.send(outgoing, limit, deadline)

    async def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    async def _send(
        self,
        deferrals: Sequence[Deferral],
        messages: Sequence[tuple[int, message.Message]],
        limit: int,
        deadline: float,
    ) -> list[dict[str, Untaken]]:
        """Send what fits; an event whose messages do not all fit is not sent at all."""
        outgoing = [(place, each, Outgoing(message.encode(each), message.lane(each))) for place, each in messages]
        large = {place for place, _, out in outgoing if out.size > limit}
        fitting = [(place, each, out) for place, each, out in outgoing if place not in large]
        untaken: list[dict[str, Untaken]] = [{} for _ in deferrals]
        for place in large:
            untaken[place] = dict.fromkeys(deferrals[place].missing, Untaken(_too_large(limit)))
        told = await self.queue.send([out for _, _, out in fitting], limit, deadline)
        for (place, each, _), why in zip(fitting, told, strict=True):
            if why is not None:
                names = (each.writer, *(other.writer for other in each.then))
                untaken[place] |= dict.fromkeys(names, why)
        return untaken


def _messages(deferral: Deferral, now: float) -> list[message.Message]:
    """One for each missing writer; where the guard is missing one for it, which has the others in it."""
    guard = deferral.guard
    if guard is None:
        return [message.deferred(deferral.event, name, result, now) for name, result in deferral.missing.items()]
    then = tuple(
        message.Other(name, str(result.outcome), result.reason)
        for name, result in deferral.missing.items()
        if name != guard
    )
    return [message.deferred(deferral.event, guard, deferral.missing[guard], now, then)]


def _all(deferrals: Sequence[Deferral], untaken: Untaken) -> list[dict[str, Untaken]]:
    return [dict.fromkeys(each.missing, untaken) for each in deferrals]


def _limit(attributes: Mapping[str, str]) -> int:
    return int(attributes.get("MaximumMessageSize", message.DEFAULT_BYTES))


def _too_large(limit: int) -> str:
    return f"with what belongs to it, the event is larger than the queue's {limit:,} bytes"


def _dead_name(queue: Queue) -> str:
    return queue.name.removesuffix(FIFO) + DEAD + (FIFO if queue.is_fifo else "")


def _region(name: str) -> str | None:
    """The region in a queue's URL (https://sqs.REGION.amazonaws.com/...)."""
    parts = (urlsplit(name).hostname or "").split(".")
    return parts[1] if len(parts) > 2 and parts[0] == "sqs" else None
