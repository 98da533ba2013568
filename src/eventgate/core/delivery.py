"""Delivery: one event to all writers of its topic, side by side, under one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter

from eventgate.core.instruments import Waits
from eventgate.core.lane import Lane
from eventgate.core.lanes import lane_to
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.receipts import fingerprint
from eventgate.core.topics import Topic
from eventgate.core.writer import Writer
from eventgate.errors import Problem

ACKNOWLEDGED = frozenset({Outcome.DELIVERED, Outcome.DUPLICATE})
"""The sink has the event."""

SAFE = ACKNOWLEDGED | {Outcome.DEFERRED}
"""The sink has the event, or the spool has it for the sink."""

_NONE: Mapping[str, WriteResult] = {}
BY_GUARD = WriteResult(Outcome.SKIPPED, reason="guard")
"""The guard does not hold it."""


class Delivery:
    """The writers of a gate, each behind its lane."""

    def __init__(self, writers: Iterable[Writer]) -> None:
        self._lanes: dict[str, Lane] = {writer.name: lane_to(writer) for writer in writers}
        self._targets: dict[str, tuple[Topic, list[str | None], dict[str, bytes]]] = {}

    def targets(self, topic: Topic) -> Mapping[str, bytes]:
        """Fingerprints of where the topic's events land, by writer; those that do not say are left out."""
        lanes = self._lanes
        texts = [lanes[name].target(topic.name, use.options) for name, use in topic.uses.items()]
        known = self._targets.get(topic.name)
        if known is not None and known[0] is topic and known[1] == texts:
            return known[2]
        found = {
            name: fingerprint(name, type(lanes[name].writer).__qualname__, text)
            for name, text in zip(topic.uses, texts, strict=True)
            if text is not None
        }
        self._targets[topic.name] = (topic, texts, found)
        return found

    def refusals(
        self, event: Event, topic: Topic, settled: Mapping[str, WriteResult] = _NONE
    ) -> dict[str, Unacceptable | WriteResult]:
        """What the topic's writers object to before anything is written, by writer; empty if nothing.

        Writers in `settled` are not asked.
        """
        found: dict[str, Unacceptable | WriteResult] = {}
        for name in topic.uses:
            if name in settled:
                continue
            objection = self._lanes[name].refuse(event)
            if objection is not None:
                found[name] = objection
        return found

    async def deliver(
        self,
        event: Event,
        topic: Topic,
        deadline: float,
        settled: Mapping[str, WriteResult],
        spent: Waits | None = None,
    ) -> dict[str, WriteResult]:
        """One result for each writer of `topic`, in its order; never raises.

        Writers in `settled` already have their result and are not asked. `deadline` is absolute (`loop.time()`). Into
        `spent` goes the time of each writer that was asked.
        """
        guard = topic.guard
        spent = {} if spent is None else spent
        if len(topic.uses) == 1 and not settled:
            (name,) = topic.uses
            return {name: await self._write(name, event, deadline, spent)}
        results = dict(still_settled(topic, settled))
        if guard is not None:
            if guard not in results:
                results[guard] = await self._write(guard, event, deadline, spent)
            if results[guard].outcome not in ACKNOWLEDGED:
                return {name: results.get(name, BY_GUARD) for name in topic.uses}
        pending = [name for name in topic.uses if name not in results]
        results.update(await self._fan_out(event, pending, deadline, spent))
        return {name: results[name] for name in topic.uses}

    async def _fan_out(self, event: Event, names: list[str], deadline: float, spent: Waits) -> dict[str, WriteResult]:
        if not names:
            return {}
        if len(names) == 1:
            return {names[0]: await self._write(names[0], event, deadline, spent)}
        written = await asyncio.gather(*(self._write(name, event, deadline, spent) for name in names))
        return dict(zip(names, written, strict=True))

    async def _write(self, name: str, event: Event, deadline: float, spent: Waits) -> WriteResult:
        started = perf_counter()
        result = await self._lanes[name].write(event, deadline)
        spent[name] = (started, perf_counter() - started)
        return result

    async def redeliver(self, event: Event, writer: str, deadline: float) -> WriteResult:
        """The result of one writer for an event that it lacks; never raises."""
        objection = self._lanes[writer].refuse(event)
        if isinstance(objection, WriteResult):
            return objection
        if objection is not None:
            return WriteResult(Outcome.REFUSED, reason=objection.message, pointer=objection.pointer)
        return await self._lanes[writer].write(event, deadline)

    async def deliver_many(
        self,
        events: Sequence[Event],
        topic: Topic,
        deadline: float,
        settled: Sequence[Mapping[str, WriteResult]],
        spent: Waits | None = None,
    ) -> list[dict[str, WriteResult]]:
        """As `deliver` for each of `events`, all of `topic`, in one trip to each writer; one result each, in order.

        The guard is asked for all of them first, the other writers for those that it holds then.
        """
        if not events:
            return []
        spent = {} if spent is None else spent
        if len(topic.uses) == 1 and not any(settled):
            (name,) = topic.uses
            return [{name: result} for result in await self._write_many(name, events, deadline, spent)]
        results = [dict(still_settled(topic, known)) for known in settled]
        if topic.guard is not None:
            await self._write_missing(topic.guard, events, results, deadline, spent)
            for known in results:
                if known[topic.guard].outcome not in ACKNOWLEDGED:
                    known.update({name: BY_GUARD for name in topic.uses if name not in known})
        await asyncio.gather(*(self._write_missing(name, events, results, deadline, spent) for name in topic.uses))
        return [{name: known[name] for name in topic.uses} for known in results]

    async def _write_missing(
        self,
        name: str,
        events: Sequence[Event],
        results: list[dict[str, WriteResult]],
        deadline: float,
        spent: Waits,
    ) -> None:
        """Have the writer take those of `events` that have no result of it, and note its results."""
        missing = [index for index, known in enumerate(results) if name not in known]
        if missing:
            written = await self._write_many(name, [events[index] for index in missing], deadline, spent)
            for index, result in zip(missing, written, strict=True):
                results[index][name] = result

    async def _write_many(
        self, name: str, events: Sequence[Event], deadline: float, spent: Waits
    ) -> Sequence[WriteResult]:
        started = perf_counter()
        results = await self._lanes[name].write_many(events, deadline)
        spent[name] = (started, perf_counter() - started)
        return results

    async def close(self) -> None:
        """Let every write that is under way come to its end."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


def still_settled(topic: Topic, settled: Mapping[str, WriteResult]) -> Mapping[str, WriteResult]:
    """`settled`, without a deferred guard on whose word another writer waits that came to the topic since."""
    guard = topic.guard
    if guard is None or guard not in settled or settled[guard].outcome is not Outcome.DEFERRED:
        return settled
    if settled.keys() >= topic.uses.keys():
        return settled
    return {name: result for name, result in settled.items() if name != guard}


def verdict(topic: Topic, results: Mapping[str, WriteResult]) -> tuple[int, list[Problem]]:
    """The status of an answer, and why it is not 202: from the required writers alone.

    A writer that the guard kept from running has nothing to say for itself: the guard is to blame, be it required or
    not. On a topic with a spool, what is to blame is also the spool, which did not take the event.
    """
    blamed: dict[str, WriteResult] = {}
    for name, use in topic.uses.items():
        if use.required and results[name].outcome not in SAFE:
            culprit = name if topic.guard is None or results[name] != BY_GUARD else topic.guard
            blamed[culprit] = results[culprit]
    if not blamed:
        return 202, []
    outcomes = {result.outcome for result in blamed.values()}
    status = 409 if Outcome.CONFLICT in outcomes else 400 if Outcome.REFUSED in outcomes else 500
    if topic.spool and status == 500:
        return 503, [_unspooled(name, result) for name, result in blamed.items()]
    return status, [_problem(name, result) for name, result in blamed.items()]


def _unspooled(name: str, result: WriteResult) -> Problem:
    return Problem("spool", f"{name} did not take the event, nor did the spool: {result.reason or result.outcome}")


def _problem(name: str, result: WriteResult) -> Problem:
    if result.outcome is Outcome.CONFLICT:
        return Problem(
            "conflict",
            f"{name} already holds this event id with other bytes; a retry must send the same bytes",
        )
    text = f"{name}: {result.outcome.value}"
    return Problem(name, f"{text}: {result.reason}" if result.reason else text, pointer=result.pointer)
