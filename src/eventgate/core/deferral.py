"""Deferral: what a required writer did not take goes into the spool, and the answer says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from eventgate.core.delivery import ACKNOWLEDGED, BY_GUARD, SAFE, Delivery, still_settled
from eventgate.core.instruments import Waits
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.spool import Deferral, Spool, Untaken
from eventgate.core.topics import Topic
from eventgate.core.writer import Writer

RESERVE_SECONDS = 1.0
"""How much of a request's time is kept back for the spool, at most."""
RESERVE_SHARE = 0.2
"""The share of a short time that is kept back."""

NOT_IN_TURN = WriteResult(Outcome.SKIPPED, reason="an earlier event with its key waits in the spool")

log = logging.getLogger("eventgate.spool")

_BROKEN = Untaken("the spool failed in a way it should not; the gate's log says how", certain=False)
_LACKING = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
_FINAL = frozenset({Outcome.CONFLICT, Outcome.REFUSED})


class DeferringDelivery(Delivery):
    """A delivery whose failures are spooled, for the topics that want it."""

    def __init__(self, writers: Iterable[Writer], spool: Spool) -> None:
        super().__init__(writers)
        self._spool = spool

    async def deliver(
        self,
        event: Event,
        topic: Topic,
        deadline: float,
        settled: Mapping[str, WriteResult],
        spent: Waits | None = None,
    ) -> dict[str, WriteResult]:
        """As for any delivery; on a topic with a spool, required writers that lack the event become `deferred`."""
        if not topic.spool:
            return await super().deliver(event, topic, deadline, settled, spent)
        writers_deadline = _before(deadline)
        settled = still_settled(topic, settled)
        if event.key:
            (settled,) = await self._held([event], topic, writers_deadline, [settled])
        results = await super().deliver(event, topic, writers_deadline, settled, spent)
        (results,) = await _defer(self._spool, [event], topic, deadline, [results])
        return results

    async def deliver_many(
        self,
        events: Sequence[Event],
        topic: Topic,
        deadline: float,
        settled: Sequence[Mapping[str, WriteResult]],
        spent: Waits | None = None,
    ) -> list[dict[str, WriteResult]]:
        """As `deliver` for each of `events`."""
        if not topic.spool:
            return await super().deliver_many(events, topic, deadline, settled, spent)
        writers_deadline = _before(deadline)
        settled = [still_settled(topic, known) for known in settled]
        settled = await self._held(events, topic, writers_deadline, settled)
        results = await super().deliver_many(events, topic, writers_deadline, settled, spent)
        return await _defer(self._spool, events, topic, deadline, results)

    async def _held(
        self, events: Sequence[Event], topic: Topic, deadline: float, settled: Sequence[Mapping[str, WriteResult]]
    ) -> list[Mapping[str, WriteResult]]:
        """`settled`, and the writers that must not get an event yet: an earlier one with its key waits for them."""
        keys = {event.key for event in events if event.key}
        waiting = await self._spool.waiting(topic.name, keys, deadline) if keys else {}
        if not waiting:
            return list(settled)
        return [
            {
                **dict.fromkeys((name for name in topic.uses if name in waiting.get(event.key or "", ())), NOT_IN_TURN),
                **known,
            }
            for event, known in zip(events, settled, strict=True)
        ]


async def _defer(
    spool: Spool, events: Sequence[Event], topic: Topic, deadline: float, results: Sequence[dict[str, WriteResult]]
) -> list[dict[str, WriteResult]]:
    """`results` after what is missing in them has been deferred, as far as the spool takes it."""
    missing = [_missing(topic, each) for each in results]
    deferrals = [
        Deferral(event, lacking, topic.guard if topic.guard in lacking else None)
        for event, lacking in zip(events, missing, strict=True)
        if lacking
    ]
    if not deferrals:
        return list(results)
    untaken = iter(await _ask(spool, deferrals, deadline))
    return [
        {**each, **_told(lacking, next(untaken))} if lacking else each
        for each, lacking in zip(results, missing, strict=True)
    ]


async def _ask(spool: Spool, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
    try:
        return await spool.defer(deferrals, deadline)
    except Exception:
        log.exception("the spool failed in a way it should not")
        return [dict.fromkeys(each.missing, _BROKEN) for each in deferrals]


def _missing(topic: Topic, results: Mapping[str, WriteResult]) -> dict[str, WriteResult]:
    """What is to be deferred of one event: nothing where no deferral can make its answer a 202."""
    if any(results[name].outcome in _FINAL for name, use in topic.uses.items() if use.required):
        return {}
    guard = topic.guard
    if guard is not None and results[guard].outcome not in ACKNOWLEDGED:
        if results[guard].outcome is Outcome.DEFERRED or results[guard].outcome in _FINAL:
            return {}
        return {name: result for name, result in results.items() if result.outcome not in SAFE | _FINAL}
    return {
        name: result
        for name, result in results.items()
        if result is NOT_IN_TURN or (topic.uses[name].required and result.outcome in _LACKING)
    }


def _told(missing: Mapping[str, WriteResult], untaken: Mapping[str, Untaken]) -> dict[str, WriteResult]:
    return {name: _deferred(result, untaken.get(name)) for name, result in missing.items()}


def _deferred(result: WriteResult, untaken: Untaken | None) -> WriteResult:
    """The result of a writer after the spool was asked; what came before stays in the reason."""
    tried = result.outcome is not Outcome.SKIPPED
    before = f"{result.outcome}: {result.reason}" if tried and result.reason else result.reason or str(result.outcome)
    if untaken is None:
        return WriteResult(Outcome.DEFERRED, reason=before)
    if not untaken.certain:
        return WriteResult(Outcome.UNKNOWN, reason=f"{before}; it may have been spooled: {untaken.reason}")
    if result == BY_GUARD:
        return result  # the guard tells it
    return msgspec.structs.replace(result, reason=f"{result.reason or before}; not spooled: {untaken.reason}")


def _before(deadline: float) -> float:
    """When the writers' time is up, so that the spool has some."""
    left = max(0.0, deadline - asyncio.get_running_loop().time())
    return deadline - min(RESERVE_SECONDS, left * RESERVE_SHARE)
