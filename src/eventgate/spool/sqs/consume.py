"""Redelivery of messages out of the queue, whoever received them: a server, a command, or AWS Lambda."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from eventgate.aws.faults import AwsFailure
from eventgate.core.model import Outcome, WriteResult
from eventgate.spool.entries import Settlement
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.sqs import message
from eventgate.spool.sqs.queue import Received
from eventgate.spool.sqs.spool import SqsSpool

log = logging.getLogger("eventgate.spool")

QUEUE_SECONDS: Final = 5.0
"""How long what follows from an attempt may take at SQS."""


class Consumer:
    """Tries the writes that messages ask for."""

    def __init__(self, spool: SqsSpool, redelivery: Redelivery) -> None:
        self._spool = spool
        self._redelivery = redelivery

    async def consume(self, received: Sequence[Received], until: float) -> set[str]:
        """The ids of the messages that are done and may go; the others are to come back.

        Of each group one after the other; behind one that is not done none is tried. What cannot be begun before
        `until` (`loop.time()`) is left.
        """
        groups: dict[str, list[Received]] = {}
        for each in received:
            groups.setdefault(each.group, []).append(each)
        done = await asyncio.gather(*(self._in_order(group, until) for group in groups.values()))
        return {each for group in done for each in group}

    async def _in_order(self, group: Sequence[Received], until: float) -> list[str]:
        done: list[str] = []
        for each in group:
            if asyncio.get_running_loop().time() >= until:
                break
            try:
                if not await self._one(each, until):
                    break
            except AwsFailure as problem:
                log.warning("a message of the spool comes back: SQS: %s", problem.reason)
                break
            done.append(each.id)
        return done

    async def _one(self, received: Received, until: float) -> bool:
        """Whether the message may go."""
        try:
            asked = message.decode(received.text)
        except ValueError:
            log.error("the queue holds a message that is not of the spool; it stays")
            return False
        if asked.why is not None:
            log.error("the queue holds a dead letter; it stays until it is moved or discarded")
            return False
        settled = await self._settle(asked, received, until)
        deadline = asyncio.get_running_loop().time() + QUEUE_SECONDS
        if settled.why is not None:
            log.warning(
                "event %s of %s is a dead letter of %s: %s", asked.event_id, asked.topic, asked.writer, settled.why
            )
            return not any(await self._spool.bury(message.dead(asked, settled, time.time()), deadline))
        if settled.due is not None:
            return False
        following = message.following(asked, time.time())
        return not following or not any(await self._spool.send(following, deadline))

    async def _settle(self, asked: message.Message, received: Received, until: float) -> Settlement:
        write = message.write_of(asked, received.id, received.receives - 1)
        if time.time() - asked.deferred_at >= self._spool.max_age_seconds:
            last = f"; last: {asked.outcome}" + (f": {asked.reason}" if asked.reason else "")
            reason = f"not delivered within spool.max_age_seconds{last}"
            return Settlement(write, WriteResult(Outcome.FAILED, reason=reason), why="expired")
        return await self._redelivery.attempt(write, until)
