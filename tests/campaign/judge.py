"""The judgement of a campaign: what was answered against what the sinks hold. Asks nothing, touches nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.campaign.copies import Copies, Saying, explain
from tests.campaign.records import Attempt, Key
from tests.campaign.wire import UNREADABLE

LANDED = frozenset({"delivered", "duplicate", "deferred"})
"""With these a gate promises that the sink has the event, now or once its spool has drained."""
NOT_THERE = frozenset({"failed", "refused", "skipped", "conflict"})
"""With these it promises that this answer's attempt put nothing there."""


@dataclass(frozen=True)
class Rules:
    """What holds for one topic: its writers, which of them it requires, whether what is missing is spooled."""

    writers: frozenset[str]
    required: frozenset[str]
    spooled: bool = False


class DeadLetter(NamedTuple):
    """One that a gate lists."""

    writer: str
    topic: str
    event_id: str


@dataclass(frozen=True)
class Sinks:
    """What the sinks hold at the end, and which of them promise never to hold one event id twice.

    `places` says, of sinks that number what they hold, what lies at each place of a topic.
    """

    held: Mapping[str, Mapping[Key, int]]
    once: AbstractSet[str]
    dead: AbstractSet[DeadLetter] = frozenset()
    places: Mapping[str, Mapping[tuple[str, int], Key]] = field(default_factory=dict)


@dataclass
class Judgement:
    """What is wrong, a line each, and how many copies there are by what explains them."""

    violations: list[str] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)


def judge(
    attempts: Sequence[Attempt], sinks: Sinks, rules: Mapping[str, Rules], excuses: AbstractSet[str]
) -> Judgement:
    """Compare; `excuses` are the reasons that may explain a second copy in a sink without a ledger."""
    result = Judgement()
    by_key = _by_key(attempts)
    result.violations += _defects(attempts)
    result.violations += _never_posted(by_key, sinks)
    for writer in sorted(sinks.once):
        result.violations += _held_twice(writer, sinks.held[writer])
    for key, sayings in by_key.items():
        topic = rules[key.topic]
        result.violations += _broken_202(key, sayings, topic)
        result.violations += _misplaced(key, sayings, sinks)
        for writer in sorted(topic.writers):
            count = sinks.held[writer].get(key, 0)
            dead = DeadLetter(writer, key.topic, key.event_id) in sinks.dead
            result.violations += _presence(key, writer, sayings, count, dead=dead)
            if writer not in sinks.once:
                copies = explain(writer, sayings, count, excuses, spooled=topic.spooled)
                result.copies += copies.explained
                result.violations += _wrong_count(key, writer, count, copies)
    return result


def believed_in_vain(attempts: Iterable[Attempt], believed: Iterable[Key]) -> list[str]:
    """What clients took for accepted though no answer that they got said so."""
    accepted = {
        key
        for attempt in attempts
        if not attempt.lost
        for key, said in zip(attempt.events, attempt.said, strict=False)
        if said.status == 202
    }
    return [
        f"{_named(key)}: a client takes it for accepted, but no answer said so"
        for key in believed
        if key not in accepted
    ]


def _by_key(attempts: Iterable[Attempt]) -> dict[Key, list[Saying]]:
    settled = _settled(attempts)
    found: dict[Key, list[Saying]] = defaultdict(list)
    for attempt in attempts:
        for index, key in enumerate(attempt.events):
            said = attempt.said[index] if attempt.said else None
            before = settled.get((attempt.brought, index), frozenset()) if attempt.honoured else frozenset()
            found[key].append(Saying(attempt, index, said, before))
    return found


def _settled(attempts: Iterable[Attempt]) -> dict[tuple[str | None, int], frozenset[str]]:
    """The writers that a receipt spares an event, by the event's place in its request."""
    return {
        (attempt.given, index): frozenset(name for name, outcome in said.outcomes.items() if outcome in LANDED)
        for attempt in attempts
        if attempt.given is not None
        for index, said in enumerate(attempt.said)
    }


def _defects(attempts: Iterable[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        errors = {error for said in attempt.said for error in said.errors}
        if "internal" in errors:
            yield f"attempt {attempt.number}: the gate met a defect of its own"
        if UNREADABLE in errors:
            yield f"attempt {attempt.number}: the answer is not a gate's"


def _never_posted(by_key: Mapping[Key, object], sinks: Sinks) -> Iterator[str]:
    for writer, held in sinks.held.items():
        for key in held:
            if key not in by_key:
                yield f"{_named(key)}: {writer} holds what nobody posted"


def _held_twice(writer: str, held: Mapping[Key, int]) -> Iterator[str]:
    counts: Counter[tuple[str, str]] = Counter()
    for key, count in held.items():
        counts[key.topic, key.event_id] += count
    for (topic, event_id), count in counts.items():
        if count > 1:
            yield f"{event_id} of {topic}: {writer} holds this event id {count} times"


def _broken_202(key: Key, sayings: Iterable[Saying], topic: Rules) -> Iterator[str]:
    for attempt, _, said, _ in sayings:
        if said is not None and said.status == 202:
            for writer in sorted(topic.required):
                if (outcome := said.outcomes.get(writer)) not in LANDED:
                    yield f"{_named(key)}: attempt {attempt.number} was answered 202 with {writer} {outcome}"


def _misplaced(key: Key, sayings: Iterable[Saying], sinks: Sinks) -> Iterator[str]:
    for attempt, _, said, _ in sayings:
        for writer, place in () if said is None else said.places.items():
            there = sinks.places.get(writer, {}).get((key.topic, place))
            if there != key:
                found = "nothing" if there is None else _named(there)
                yield f"{_named(key)}: attempt {attempt.number} says {writer} has it at {place}, where {found} lies"


def _presence(key: Key, writer: str, sayings: Sequence[Saying], count: int, *, dead: bool) -> Iterator[str]:
    outcomes = [saying.outcome(writer) for saying in sayings]
    if count == 0 and not dead and LANDED & {*outcomes}:
        yield f"{_named(key)}: {writer} said {', '.join(sorted(LANDED & {*outcomes}))}, but does not hold it"
    if count > 0 and {*outcomes} <= NOT_THERE:
        yield f"{_named(key)}: {writer} said {', '.join(sorted({*outcomes}))} each time, but holds it"


def _wrong_count(key: Key, writer: str, count: int, copies: Copies) -> Iterator[str]:
    if copies.unexplained:
        yield f"{_named(key)}: {writer} holds it {count} times, and nothing explains {copies.unexplained} of them"
    if copies.missing and count:
        yield f"{_named(key)}: {writer} took it {count + copies.missing} times, but holds it {count} times"


def _named(key: Key) -> str:
    return f"{key.event_id} of {key.topic}"
