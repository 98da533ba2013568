"""Draining the queue by the gate itself, or by a command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from eventgate.aws.faults import AwsFailure
from eventgate.errors import SinkUnavailable
from eventgate.spool.backoff import pause
from eventgate.spool.redelivery import Redelivery
from eventgate.spool.sqs.consume import QUEUE_SECONDS, Consumer
from eventgate.spool.sqs.queue import MAX_ENTRIES, MAX_HIDDEN_SECONDS, Received
from eventgate.spool.sqs.spool import SqsSpool

log = logging.getLogger("eventgate.spool")

WAIT_SECONDS: Final = 20
"""How long SQS may hold a question to which it has no answer: its longest."""
LONGEST_SECONDS: Final = 300.0
"""How long a message that was tried often stays away. A queue that moves messages after 1,000 receives, its most, keeps
one for three days so."""


class SqsDrain:
    """Receives messages, tries them, and deletes what is done."""

    def __init__(self, spool: SqsSpool, redelivery: Redelivery) -> None:
        self._spool = spool
        self._seconds = redelivery.seconds
        self._consumer = Consumer(spool, redelivery)

    async def run(self) -> None:
        """As the protocol says."""
        failures = 0
        while True:
            try:
                received = await self._receive(WAIT_SECONDS)
                failures = 0
            except AwsFailure as problem:
                failures += 1
                log.warning("the spool's queue cannot be read: %s", problem.reason)
                await asyncio.sleep(pause(failures))
                continue
            if received:
                await self._finish(asyncio.create_task(self._work(received)))

    @staticmethod
    async def _finish(work: asyncio.Task[int]) -> None:
        """Wait for `work`, also when cancelled: what it has begun it settles."""
        try:
            await asyncio.shield(work)
        finally:
            await asyncio.wait({work})

    async def once(self) -> int:
        """As the protocol says."""
        done = 0
        try:
            while received := await self._receive(1):
                through = await self._work(received)
                done += through
                if not through:
                    break
        except AwsFailure as problem:
            raise SinkUnavailable(f"SQS: {problem.reason}") from None
        return done

    async def _receive(self, wait_seconds: int) -> list[Received]:
        visibility = min(int(MAX_ENTRIES * (self._seconds + QUEUE_SECONDS)) + 1, MAX_HIDDEN_SECONDS)
        deadline = asyncio.get_running_loop().time() + wait_seconds + QUEUE_SECONDS
        return await self._spool.queue.receive(wait_seconds, visibility, deadline)

    async def _work(self, received: Sequence[Received]) -> int:
        until = asyncio.get_running_loop().time() + MAX_ENTRIES * self._seconds
        done = await self._consumer.consume(received, until)
        await asyncio.gather(
            _delete(self._spool, [each for each in received if each.id in done]),
            put_off(self._spool, [each for each in received if each.id not in done]),
        )
        return len(done)


async def put_off(spool: SqsSpool, received: Sequence[Received]) -> None:
    """Have messages come back later, the more often they were received the later. Else they come back by themselves."""

    async def hide(each: Received) -> None:
        deadline = asyncio.get_running_loop().time() + QUEUE_SECONDS
        with suppress(AwsFailure):
            await spool.queue.hide(each.receipt, away_seconds(each.receives), deadline)

    await asyncio.gather(*map(hide, received))


async def _delete(spool: SqsSpool, received: Sequence[Received]) -> None:
    async def delete(each: Received) -> None:
        deadline = asyncio.get_running_loop().time() + QUEUE_SECONDS
        try:
            await spool.queue.delete(each.receipt, deadline)
        except AwsFailure as problem:
            log.warning("a message of the spool comes back though it is done: SQS: %s", problem.reason)

    await asyncio.gather(*map(delete, received))


def away_seconds(receives: int) -> int:
    """How long a message that was received so often stays away."""
    return max(1, int(min(LONGEST_SECONDS, pause(1) * 2 ** min(receives, 16))))
