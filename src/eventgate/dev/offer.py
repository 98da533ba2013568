"""An event to try a gate with: who may send it where, and one that the gate will refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from eventgate.core import json
from eventgate.core.policy import Policy
from eventgate.core.topics import Topic
from eventgate.errors import Refusal

_MAX_DEPTH = 64
_LONGEST = 2000
"""Bytes of an event that still makes a command one can read."""
_LOOKED_AT = 50
"""Events of a file that are tried."""


class Offer(msgspec.Struct, frozen=True):
    """`good` is an event that `subject` may send to `topic`; `bad` one that the topic's schema refuses, if any."""

    topic: str
    subject: str
    good: str
    bad: str | None


def find_offer(policy: Policy, samples: Path) -> Offer | None:
    """The first topic, by name, for which the files below `samples` (`TOPIC.ndjson`) hold an event that passes."""
    for name, topic in sorted(policy.topics.items()):
        good, bad = _sort(topic, list(_events(samples, name)))
        subject = _subject(policy, name, good)
        if subject is not None and good is not None:
            return Offer(name, subject, good, bad)
    return None


def _events(samples: Path, topic: str) -> Iterator[str]:
    for path in sorted(samples.rglob("*.ndjson")):
        if path.stem.lower() == topic:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            yield from (line for line in lines[:_LOOKED_AT] if line.strip() and len(line.encode()) <= _LONGEST)


def _sort(topic: Topic, events: list[str]) -> tuple[str | None, str | None]:
    """The shortest event that passes, and the one with the most to say against it."""
    problems = {event: count for event in events if (count := _count_problems(topic, event)) is not None}
    good = [event for event, count in problems.items() if count == 0]
    bad = [event for event, count in problems.items() if count > 0]
    return min(good, key=len, default=None), max(bad, key=lambda event: problems[event], default=None)


def _count_problems(topic: Topic, event: str) -> int | None:
    """How many problems the schema has with `event`; None if that is no JSON, where there is little to be seen."""
    body = event.encode()
    try:
        document = json.parse(body, _MAX_DEPTH)
    except Refusal:
        return None
    try:
        topic.schema.check(document, len(body))
    except Refusal as refusal:
        return len(refusal.problems)
    return 0


def _subject(policy: Policy, topic: str, event: str | None) -> str | None:
    if event is None:
        return None
    document = json.parse(event.encode(), _MAX_DEPTH)
    for subject in policy.access.subjects(topic):
        try:
            policy.access.check_topic(subject, topic).check(document)
        except Refusal:
            continue
        return subject
    return None
