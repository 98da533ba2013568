"""From a configuration's sources to the policy in force: newest where it is good, else the last good version."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from typing import Final

from eventgate.config.access_source import AccessSource, AccessTaken
from eventgate.config.configuration import Configuration, examine
from eventgate.config.crosscheck import cross_check
from eventgate.config.index import Index, read_index
from eventgate.config.secrets import shown
from eventgate.config.snapshot import Snapshot, take_snapshot
from eventgate.config.topics_source import TopicsSource, TopicsTaken
from eventgate.core.policy import Policy
from eventgate.errors import ConfigurationError, Finding, SourceError

__all__ = ["Configuration", "PolicyLoader", "judged", "load_configuration"]

_VERSION_LENGTH: Final = 12


async def load_configuration(
    conf: str, env: Mapping[str, str] = os.environ, *, default_sqlite: bool = True
) -> Configuration:
    """The configuration in the directory `conf`.

    Raises `ConfigurationError` with all findings, those of topics and access rules included. `default_sqlite`: where no
    writer is configured, SQLite's `events.db` is one; otherwise that is an error.
    """
    configuration, findings = await examine(conf, env, default_sqlite=default_sqlite)
    if configuration is None:
        raise ConfigurationError(findings)
    if any(finding.severity == "error" for finding in findings):
        raise ConfigurationError((*findings, *(await judged(configuration))[1]))
    return configuration


async def judged(configuration: Configuration) -> tuple[Policy | None, tuple[Finding, ...]]:
    """The policy, if one can be made, and all that is wrong with topics and access rules."""
    try:
        return await PolicyLoader(configuration).load(None)
    except ConfigurationError as error:
        return None, error.findings


class PolicyLoader:
    """Makes policies from the sources of one configuration, and remembers what was good."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._access = AccessSource(configuration.settings)
        self._topics = TopicsSource(configuration)
        self._index = Index()
        self._snapshot: Snapshot | None = None
        self._policy: Policy | None = None
        self._findings: tuple[Finding, ...] = ()
        self._loading = asyncio.Lock()

    async def load(self, previous: Policy | None) -> tuple[Policy, tuple[Finding, ...]]:
        """The policy that the sources make now, and what is wrong with them; `previous` itself if nothing changed.

        The first time, raises `ConfigurationError` with all findings where no policy can be made: the access rules, the
        index or the topics as a whole cannot be taken. Later, their last good version stays in force.
        """
        async with self._loading:
            snapshot = await take_snapshot(self._configuration)
            if self._policy is None or snapshot != self._snapshot:
                failure = await self._read_index(snapshot)
                made, self._findings = await asyncio.to_thread(self._make, snapshot, failure)
                self._policy, self._snapshot = made, snapshot
            policy = self._policy
            return (policy if previous is None or previous != policy else previous), self._findings

    async def _read_index(self, snapshot: Snapshot) -> Finding | None:
        """Take the newest index, or say why it is the last good one that counts."""
        if snapshot.missing is not None:
            return self._topics.failure(snapshot.missing, pointer=snapshot.missing_at)
        try:
            self._index = await read_index(self._configuration, snapshot)
        except SourceError as error:
            return self._topics.failure(str(error), file=snapshot.index_name)
        return None

    def _make(self, snapshot: Snapshot, failure: Finding | None) -> tuple[Policy, tuple[Finding, ...]]:
        access = self._access.take(snapshot.access)
        topics = self._topics.take(snapshot, self._index, failure)
        findings = (
            *access.findings,
            *topics.findings,
            *cross_check(access.policy, topics.defined, shown(self._configuration.settings.access_config)),
        )
        if access.policy is None or (self._policy is None and topics.failure is not None):
            raise ConfigurationError(findings)
        policy = Policy(
            topics=topics.topics,
            access=access.policy,
            version=_version(access, topics),
            broken=topics.broken,
            notes=topics.notes,
            failures=_failures(access, topics),
        )
        return policy, findings


def _version(access: AccessTaken, topics: TopicsTaken) -> str:
    return hashlib.sha256(access.digest + topics.digest).hexdigest()[:_VERSION_LENGTH]


def _failures(access: AccessTaken, topics: TopicsTaken) -> dict[str, str]:
    reasons = {"access": access.failure, "topics": topics.failure.message if topics.failure else None}
    return {name: reason for name, reason in reasons.items() if reason}
