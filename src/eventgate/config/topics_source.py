"""The topics: each in its newest version where that is good, else in its last good one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from eventgate.config.compiling import Compiled, SchemaCompiler, resources_of
from eventgate.config.configuration import Configuration
from eventgate.config.definitions import Definition, define_topics
from eventgate.config.index import Index
from eventgate.config.progress import progressing
from eventgate.config.secrets import shown
from eventgate.config.snapshot import Snapshot
from eventgate.core.topics import CompiledSchema, Topic
from eventgate.errors import Finding

_EMPTIED: Final = "there are suddenly no topics at all"


class TopicsTaken(msgspec.Struct, frozen=True):
    """The topics in force, and what is wrong with their sources.

    `broken` says of each topic that never was good why; `notes` names those whose last good version is in force;
    `failure` says why the sources as a whole could not be taken. `defined` are all names, broken ones included.
    """

    topics: Mapping[str, Topic]
    digest: bytes
    defined: frozenset[str] = frozenset()
    broken: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    failure: Finding | None = None
    findings: tuple[Finding, ...] = ()


class _InForce(msgspec.Struct, frozen=True):
    """A topic that serves, and a digest of all that it is made of."""

    topic: Topic
    digest: bytes


class TopicsSource:
    """Takes the topics, again and again, and remembers what was good."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._compiler = SchemaCompiler(assert_formats=configuration.settings.validation.assert_formats)
        self._good: dict[str, _InForce] = {}

    def take(self, snapshot: Snapshot, index: Index, failure: Finding | None) -> TopicsTaken:
        """The topics that `snapshot` and `index` make. Compiles schemas, so it may take a while: not for the loop.

        `failure` says why `index` is not the newest, or why `snapshot` has no topics.
        """
        definitions = self._define(snapshot, index) if snapshot.missing is None else {}
        if failure is None and self._is_suddenly_empty(definitions):
            failure = self.failure(_EMPTIED, hint='if that is meant, set "allow_empty": true')
        if failure is not None and not definitions:
            return self._taken(failure=failure, findings=(failure,), defined=frozenset(self._good))
        good, broken, findings = self._compile(snapshot, definitions)
        kept = {name: self._good[name] for name in broken if name in self._good}
        self._good = {**kept, **good}
        return self._taken(
            defined=frozenset(definitions),
            broken={name: why for name, why in broken.items() if name not in kept},
            notes=tuple(f"topic {name} serves in its last good version: {broken[name]}" for name in sorted(kept)),
            failure=failure,
            findings=(*((failure,) if failure else ()), *snapshot.findings, *index.findings, *findings),
        )

    def failure(self, message: str, *, file: str = "", pointer: str = "", hint: str | None = None) -> Finding:
        """A finding about the topics as a whole; `pointer` without a `file` leads into config.json."""
        topics = self._configuration.settings.topics
        place = shown(topics) if isinstance(topics, str) and not pointer else self._configuration.file
        return Finding("error", file or place, message, pointer, hint)

    def _is_suddenly_empty(self, definitions: Mapping[str, Definition]) -> bool:
        return not definitions and bool(self._good) and not self._configuration.settings.allow_empty

    def _define(self, snapshot: Snapshot, index: Index) -> dict[str, Definition]:
        settings = self._configuration.settings
        longest = settings.limits.request_timeout_seconds
        return define_topics(snapshot, index, self._configuration.writers, longest, settings.spool)

    def _compile(
        self, snapshot: Snapshot, definitions: Mapping[str, Definition]
    ) -> tuple[dict[str, _InForce], dict[str, str], tuple[Finding, ...]]:
        """The topics that can serve, why the others cannot, and all findings."""
        resources = {root: resources_of(root, snapshot.files) for root in snapshot.roots}
        good: dict[str, _InForce] = {}
        broken: dict[str, str] = {}
        findings: list[Finding] = []
        self._compiler.forget_all_but(definitions)
        for name, definition in progressing(definitions, "topics are compiled"):
            findings.extend(definition.findings)
            if definition.error is not None:
                broken[name] = definition.error
            if not definition.is_found:
                continue
            compiled = self._compiler.compile(definition, resources.get(definition.root, {}))
            if compiled.finding is not None:
                findings.append(compiled.finding)
                broken.setdefault(name, f"{compiled.finding.file}: {compiled.finding.message}")
            elif compiled.schema is not None and name not in broken:
                good[name] = _InForce(self._topic(definition, compiled.schema), _digest(definition, compiled))
        return good, broken, tuple(findings)

    def _topic(self, definition: Definition, schema: CompiledSchema) -> Topic:
        return Topic(
            name=definition.name,
            schema=schema,
            event_id=definition.event_id,
            key=definition.key,
            default_key="" if self._configuration.is_seed else None,
            guard=definition.guard,
            uses=definition.uses,
            timeout_seconds=definition.timeout_seconds,
            spool=definition.spool,
            keep_invalid=definition.keep_invalid,
        )

    def _taken(
        self,
        *,
        defined: frozenset[str],
        failure: Finding | None,
        findings: tuple[Finding, ...],
        broken: Mapping[str, str] = {},
        notes: tuple[str, ...] = (),
    ) -> TopicsTaken:
        in_force = sorted(self._good.items())
        digest = hashlib.sha256(b"".join(each.digest for _, each in in_force)).digest()
        topics = {name: each.topic for name, each in in_force}
        return TopicsTaken(topics, digest, defined, broken, notes, failure, findings)


def _digest(definition: Definition, compiled: Compiled) -> bytes:
    # repr shows secrets as their references, so none of them goes into what is shown as a version.
    parts = [
        repr((definition.name, definition.uri, definition.guard, definition.timeout_seconds, definition.uses)).encode(),
        repr((definition.event_id, definition.key, definition.spool, definition.keep_invalid)).encode(),
        definition.text,
        *(name.encode() + b"\0" + (content or b"") for name, content in sorted(compiled.used.items())),
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
