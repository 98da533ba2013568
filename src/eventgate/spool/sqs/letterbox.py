"""The dead letters of an SQS spool. A queue cannot be looked into: to see a message is to hide it for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from eventgate.aws.faults import AwsFailure
from eventgate.errors import SinkUnavailable
from eventgate.spool.entries import DeadLetter, DeathReason, Wanted
from eventgate.spool.sqs import message
from eventgate.spool.sqs.queue import Queue, Received
from eventgate.spool.sqs.spool import NO_DEAD_LETTERS, SqsSpool

HIDDEN_SECONDS: Final = 300
"""How long a message is hidden from others while a command is at work."""
CALL_SECONDS: Final = 10.0


class SqsLetterbox:
    """The messages in the queue for dead letters of `spool`."""

    def __init__(self, spool: SqsSpool) -> None:
        self._spool = spool
        self._held: dict[str, Received] = {}

    async def find(self, wanted: Wanted, *, take: bool) -> AsyncIterator[list[DeadLetter]]:
        """As the protocol says: all of them are hidden until `close`, so that none is seen twice."""
        events: dict[tuple[str, str], list[DeadLetter]] = {}
        while received := await self._receive():
            for each in received:
                try:
                    letter = message.letter_of(message.decode(each.text), each.id)
                except ValueError:
                    continue
                if _is_wanted(letter, wanted):
                    events.setdefault((letter.event.topic, letter.event.event_id), []).append(letter)
        for group in events.values():
            yield group

    async def remove(self, letters: Sequence[DeadLetter]) -> int:
        """As the protocol says."""
        queue = await self._queue()
        removed = 0
        for each in letters:
            held = self._held.pop(each.id, None)
            if held is not None:
                with _translated():
                    await queue.delete(held.receipt, self._deadline())
                removed += 1
        return removed

    async def keep(self, letter: DeadLetter, reason: str | None, *, tried: bool) -> None:
        """As the protocol says; a message cannot be changed, so its reason stays."""

    async def narrow(self, letter: DeadLetter, missing: Sequence[tuple[str, DeathReason, str | None]]) -> None:
        """As the protocol says."""
        own = message.decode(self._held[letter.id].text)
        letters = [
            msgspec.structs.replace(own, writer=writer, why=why, outcome=why, reason=reason, died_at=time.time())
            for writer, why, reason in missing
        ]
        with _translated():
            untaken = await self._spool.bury(letters, self._deadline())
        if not any(untaken):
            await self.remove([letter])

    async def close(self) -> None:
        """As the protocol says."""
        if self._held:
            queue = await self._queue()
            for each in self._held.values():
                with suppress(AwsFailure):  # it comes back by itself, HIDDEN_SECONDS after it was received
                    await queue.hide(each.receipt, 0, self._deadline())
        self._held.clear()

    async def _receive(self) -> list[Received]:
        with _translated():
            received = await (await self._queue()).receive(1, HIDDEN_SECONDS, self._deadline())
        fresh = [each for each in received if each.id not in self._held]
        self._held |= {each.id: each for each in received}
        return fresh

    async def _queue(self) -> Queue:
        with _translated():
            queue = await self._spool.dead_letters(self._deadline())
        if queue is None:
            raise SinkUnavailable(NO_DEAD_LETTERS)
        return queue

    @staticmethod
    def _deadline() -> float:
        return asyncio.get_running_loop().time() + CALL_SECONDS


class _translated:  # noqa: N801 # reads as a statement
    """Turns a failure of AWS into the error that commands understand."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise `SinkUnavailable` for an `AwsFailure`."""
        if isinstance(error, AwsFailure):
            raise SinkUnavailable(f"SQS: {error.reason}") from None


def _is_wanted(letter: DeadLetter, wanted: Wanted) -> bool:
    return (
        (wanted.topic is None or letter.event.topic == wanted.topic)
        and (wanted.writer is None or letter.writer == wanted.writer)
        and (wanted.since is None or letter.died_at >= wanted.since)
        and (not wanted.ids or letter.id in wanted.ids)
    )
