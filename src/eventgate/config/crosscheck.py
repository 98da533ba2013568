"""Topics and access rules held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Set

from eventgate.config.suggest import did_you_mean
from eventgate.core.auth.access import AccessPolicy
from eventgate.core.pointer import join
from eventgate.errors import Finding


def cross_check(access: AccessPolicy | None, topics: Set[str], file: str) -> Iterator[Finding]:
    """Warnings: rules for topics that do not exist, and topics that nobody may write to. `file` holds the rules."""
    if not topics:
        yield Finding("warning", "topics", "there are no topics")
    if access is None:
        return
    for name in access.topics:
        if name not in topics:
            yield Finding("warning", file, "there is no such topic", join([name]), did_you_mean(name, topics))
    for name in sorted(topics):
        if not access.subjects(name):
            yield Finding("warning", file, f"nobody may write to the topic {name}")
