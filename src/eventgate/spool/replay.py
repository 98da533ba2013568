"""Replaying dead letters: judged by the rules of today, and given to the writers that still lack them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from eventgate.core import judging
from eventgate.core.delivery import ACKNOWLEDGED, Delivery
from eventgate.core.limits import Limits
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.policy import Policy
from eventgate.core.topics import Topic
from eventgate.errors import Refusal
from eventgate.spool.entries import DeadLetter, DeathReason
from eventgate.spool.letterbox import Letterbox

Fate = Literal["replayed", "refused", "failed"]
"""What became of a letter: its writer holds it; the gate or the sink does not allow it; the sink could not be had."""

_HELD = WriteResult(Outcome.DELIVERED)


class Replayed(msgspec.Struct, frozen=True):
    """What became of one letter, for one writer (None: the gate refused it again)."""

    letter: DeadLetter
    writer: str | None
    fate: Fate
    reason: str | None = None


class Replay:
    """Replays the letters of one event after the other. With `dry_run` it only judges."""

    def __init__(
        self, letterbox: Letterbox, policy: Policy, limits: Limits, delivery: Delivery, *, dry_run: bool
    ) -> None:
        self._letterbox = letterbox
        self._policy = policy
        self._limits = limits
        self._delivery = delivery
        self._dry_run = dry_run

    async def replay(self, letters: Sequence[DeadLetter]) -> list[Replayed]:
        """Replay `letters`, which are all of one event."""
        try:
            event, topic = self._judge(letters[0])
            settled = judging.refusals(self._delivery, event, topic, _others(letters, topic))
        except Refusal as refusal:
            reason = "; ".join(problem.message for problem in refusal.problems)
            return [await self._left(letter, letter.writer, "refused", reason) for letter in letters]
        unserved = [each for each in letters if each.writer is not None and each.writer not in topic.uses]
        told = [
            await self._left(each, each.writer, "refused", "the topic does not go to this writer any more")
            for each in unserved
        ]
        wanted = [each for each in letters if each not in unserved]
        if not wanted:
            return told
        if self._dry_run:
            writers = [name for name in topic.uses if name not in settled]
            return [*told, *(Replayed(_letter_of(wanted, name), name, "replayed") for name in writers)]
        seconds = topic.timeout_seconds or self._limits.request_timeout_seconds
        deadline = asyncio.get_running_loop().time() + seconds
        results = await self._delivery.deliver(event, topic, deadline, settled)
        return [*told, *await self._settle(wanted, topic, results)]

    def _judge(self, letter: DeadLetter) -> tuple[Event, Topic]:
        """The event as it would be posted today, by its subject; raises `Refusal`."""
        topic = self._policy.find(letter.event.topic)
        grant = self._policy.access.check_topic(letter.event.subject, topic.name)
        document = judging.judge(letter.event.body, topic, grant, self._limits.max_depth)
        own = judging.own_id(topic, document) if letter.writer is None else None
        event = msgspec.structs.replace(
            letter.event,
            event_id=own or letter.event.event_id,
            document=document,
            key=judging.partition_key(topic, document),
            options=topic.options,
            replayed_at=time.time(),
        )
        return event, topic

    async def _settle(
        self, letters: Sequence[DeadLetter], topic: Topic, results: Mapping[str, WriteResult]
    ) -> list[Replayed]:
        if letters[0].writer is None:
            return await self._settle_refused(letters[0], topic, results)
        told = []
        for letter in letters:
            assert letter.writer is not None  # noqa: S101 # only a refused event has none, and it is alone
            result = results[letter.writer]
            if result.outcome in ACKNOWLEDGED:
                await self._letterbox.remove([letter])
                told.append(Replayed(letter, letter.writer, "replayed"))
            else:
                told.append(await self._left(letter, letter.writer, _fate(result), _reason(result)))
        return told

    async def _settle_refused(
        self, letter: DeadLetter, topic: Topic, results: Mapping[str, WriteResult]
    ) -> list[Replayed]:
        """What was refused and now is not goes to all writers; those that did not take it get letters of their own."""
        missing = {
            name: result
            for name, result in results.items()
            if result.outcome not in ACKNOWLEDGED and topic.uses[name].required
        }
        if len(missing) == len(results):
            await self._letterbox.keep(letter, letter.reason, tried=True)
        elif missing:
            letters = [(name, _why(result), _reason(result)) for name, result in missing.items()]
            await self._letterbox.narrow(letter, letters)
        else:
            await self._letterbox.remove([letter])
        return [
            Replayed(letter, name, "replayed")
            if name not in missing
            else Replayed(letter, name, _fate(result), _reason(result))
            for name, result in results.items()
        ]

    async def _left(self, letter: DeadLetter, writer: str | None, fate: Fate, reason: str) -> Replayed:
        if not self._dry_run:
            await self._letterbox.keep(letter, letter.reason if letter.writer is None else reason, tried=True)
        return Replayed(letter, writer, fate, reason)


def _others(letters: Sequence[DeadLetter], topic: Topic) -> dict[str, WriteResult]:
    """The writers of `topic` that are not asked for; none where the event was refused as a whole."""
    if letters[0].writer is None:
        return {}
    wanted = {letter.writer for letter in letters}
    return {name: _HELD for name in topic.uses if name not in wanted}


def _letter_of(letters: Sequence[DeadLetter], writer: str) -> DeadLetter:
    return next((each for each in letters if each.writer == writer), letters[0])


def _fate(result: WriteResult) -> Fate:
    return "refused" if result.outcome in (Outcome.REFUSED, Outcome.CONFLICT) else "failed"


def _why(result: WriteResult) -> DeathReason:
    if result.outcome is Outcome.CONFLICT:
        return "conflict"
    if result.outcome is Outcome.SKIPPED:
        return "guard"
    return "refused" if result.outcome is Outcome.REFUSED else "expired"


def _reason(result: WriteResult) -> str:
    return f"{result.outcome}: {result.reason}" if result.reason else str(result.outcome)
