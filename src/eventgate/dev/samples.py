"""Traffic to look at: events of every topic as the generator makes them, one in a few spoilt."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import uuid
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from eventgate.catalogue.examples.example import examples
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.policy import Policy
from eventgate.core.topics import Topic
from eventgate.errors import Refusal

MOST_TOPICS: Final = 12
"""Topics that one call makes traffic for."""
_GOOD: Final = 3
"""Good events of each; one that is refused comes with them."""


class Sample(msgspec.Struct, frozen=True):
    """One event to post: where, as whom, and its text."""

    path: str
    subject: str
    body: bytes


class Samples:
    """Makes traffic for the configuration in `directory`, another each time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._starts = itertools.count()

    def some(self) -> list[Sample]:
        """The next ones; raises `ConfigurationError` where the configuration is broken."""
        policy = self.policy()
        topics = sorted(policy.topics.items())[:MOST_TOPICS]
        return [sample for _, topic in topics for sample in self._of(topic, policy)]

    def policy(self) -> Policy:
        """The policy as the files have it now; raises `ConfigurationError`."""
        return asyncio.run(_policy(self._directory))

    def _of(self, topic: Topic, policy: Policy) -> Iterator[Sample]:
        path = f"/topics/{quote(topic.name, safe='')}"
        event, subject = None, None
        for _ in range(_GOOD):
            text = examples(topic, start=next(self._starts)).full
            if text is None:
                return
            event = _with_new_id(topic, json.loads(text))
            subject = _subject(policy, topic, event)
            if subject is None:
                return
            yield Sample(path, subject, json.dumps(event).encode())
        for spoilt in islice(_spoilt(topic, event), 1):
            yield Sample(path, subject or "", json.dumps(spoilt).encode())


async def _policy(directory: Path) -> Policy:
    policy, _ = await PolicyLoader(await load_configuration(str(directory), os.environ)).load(None)
    return policy


def _with_new_id(topic: Topic, event: Any) -> Any:
    """`event` with an id that no event had, if its schema takes one."""
    if topic.event_id is None or not topic.event_id.tokens:
        return event
    changed = json.loads(json.dumps(event))
    *way, last = topic.event_id.tokens
    place = changed
    for token in way:
        place = place.get(token) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        return event
    place[last] = str(uuid.uuid4())
    return changed if _fits(topic, changed) else event


def _spoilt(topic: Topic, event: Any) -> Iterator[Any]:
    """Events like `event` that the schema does not take, if there are any."""
    without = ({name: value for name, value in event.items() if name != each} for each in event)
    candidates = chain(without if isinstance(event, dict) else (), ({"unexpected": [None]}, None))
    return (candidate for candidate in candidates if not _fits(topic, candidate))


def _fits(topic: Topic, event: Any) -> bool:
    return topic.schema.accepts(event)


def _subject(policy: Policy, topic: Topic, event: Any) -> str | None:
    """Who may send `event`; else anybody who is listed for the topic."""
    listed = list(policy.access.subjects(topic.name))
    for subject in listed:
        try:
            policy.access.check_topic(subject, topic.name).check(event)
        except Refusal:
            continue
        return subject
    return listed[0] if listed else None
