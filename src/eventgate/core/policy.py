"""What requests are judged by, immutable and swapped whole when its sources change."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from eventgate.core.auth.access import AccessPolicy
from eventgate.core.topics import Topic
from eventgate.errors import TopicBroken, TopicNotFound


class Policy(msgspec.Struct, frozen=True):
    """Topics and access rules of one moment.

    `broken` says of each topic that never was good why; `notes` are warnings for `/health`; `failures` says of each
    source (`access`, `topics`) whose last good version is in force why its newest could not be taken.
    """

    topics: Mapping[str, Topic]
    access: AccessPolicy
    version: str
    broken: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    failures: Mapping[str, str] = {}

    def find(self, name: str) -> Topic:
        """The topic called `name` (lower case); raises `TopicBroken` or `TopicNotFound`."""
        topic = self.topics.get(name)
        if topic is None:
            raise TopicBroken if name in self.broken else TopicNotFound
        return topic
