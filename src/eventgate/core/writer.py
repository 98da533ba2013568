"""The contract between the gate and the writers, ours and plugins'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from eventgate.core.model import Event, Unacceptable, WriteResult
from eventgate.errors import Finding


class Grouping(msgspec.Struct, frozen=True):
    """How concurrent events may be put together into one `write`.

    `max_events` and `max_bytes` (sum of the bodies) bound a group; `concurrency` bounds the writes under way at once;
    `max_queued` bounds the events that wait for their turn: past it an event is `failed` at once.
    A lone event never waits: a group is whatever queued up while all places were busy. A batch queues up at once.
    `worth`: beside a group that is under way, another one begins once so many events wait, or the first of them has
    waited some milliseconds. For sinks to which few large groups are less work than many small ones.
    `by_topic`: a group has events of one topic, and each topic has queue and places of its own, so that one whose part
    of the sink does not answer holds up no other.
    """

    max_events: int = 64
    max_bytes: int = 4 * 1024 * 1024
    concurrency: int = 1
    max_queued: int = 4096
    by_topic: bool = False
    worth: int = 1


@runtime_checkable
class Writer(Protocol):
    """Delivers events to one sink.

    The gate calls `open` once before and `close` once after everything else; all calls come from one event loop, and
    `write` may be entered again before an earlier call returned (as often as `grouping.concurrency`, if set).
    """

    name: str
    grouping: Grouping | None
    """None: an event that comes alone is written by itself, and those of a batch together, at once."""

    async def open(self) -> None:
        """Get ready. Must not fail because the sink is down; raises `ConfigurationError` for what no retry can mend."""

    def refuse(self, event: Event) -> Unacceptable | None:
        """Say why this sink can never take `event`, before anything is written; None if it may. Never blocks."""

    def target(self, topic: str, options: Any) -> str:
        """Where the events of `topic` land, given its settings for this writer: a text that changes when they would
        land elsewhere, and at no other time.

        It is hashed into receipts and never shown, and holds no credentials: new ones must not change it. Asked with
        every event while receipts are on: quick, without asking the sink, open or not.
        """

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Deliver a group; one result for each event, in order.

        `deadline` is absolute (`loop.time()`). A sink's failure is a result, never an exception: `failed` only if the
        event is certainly not there, `unknown` if it may be. Event ids within a group may repeat.
        """

    async def probe(self) -> None:
        """Really ask the sink; raises `SinkUnavailable` with a reason that holds no address."""

    async def close(self) -> None:
        """Flush what was accepted and let go of every resource."""


@runtime_checkable
class Inspecting(Protocol):
    """A writer that can compare topics with what is in its sink, for `eventgate check --connect`. Optional."""

    async def inspect(self, topics: Mapping[str, Any]) -> Sequence[Finding]:
        """What would keep events of `topics` (settings by name) out of the sink. Writes nothing.

        `file` of a finding is `topic NAME`, with a pointer relative to the topic's settings for the writer; or the name
        of a file as these settings have it; or empty, with a pointer relative to the writer's own entry. Messages hold
        no address. Nothing where the sink does not answer, or `SinkUnavailable`: `probe` says why.
        """


class WriterContext(msgspec.Struct, frozen=True):
    """What a writer is built with, beside its own settings.

    `directory` is what relative paths are relative to (None when the configuration is not in a local directory);
    `ssl_ca_bundle` holds for every HTTPS call; `ledger_retain_days` is how long a ledger remembers an event id.
    `resolve` gives what a secret's reference (as written in the configuration) stands for now,
    for credentials that are rotated; it raises `SourceError`. None where there is no configuration.
    `request_timeout_seconds` is the longest time that a `write` is given. `freezes`: the process stands still between
    requests (AWS Lambda), so what is under way at a deadline has to be given up then, or it goes on much later.
    """

    name: str
    directory: Path | None
    ssl_ca_bundle: bool | str = True
    ledger_retain_days: int = 30
    resolve: Callable[[str], Awaitable[str]] | None = None
    request_timeout_seconds: float = 10.0
    freezes: bool = False


def _nothing_wrong(settings: Any, directory: Path | None) -> Sequence[Finding]:
    return ()


def _nothing_claimed(settings: Any, directory: Path | None) -> str | None:
    return None


def _no_files(options: Any) -> Sequence[str]:
    return ()


def _as_it_is(options: Any, files: Mapping[str, bytes]) -> Any:
    return options


class WriterSpec(msgspec.Struct, frozen=True):
    """How a type of writer is configured and built: what the entry-point group `eventgate.writers` names.

    `settings` describes `writers.NAME` without `type`; `topic_settings` describes `topics.TOPIC.writers.NAME`
    without `required`. Both are msgspec Structs: unknown keys are findings, documentation stands in the annotations.

    `check` finds what is wrong with settings that have the right form, without asking the sink: it is given them and
    the local configuration directory (None if there is none); `file` of its findings is empty, their pointers are
    relative to the writer's entry.
    `files` tells of a topic's settings which files they name, relative to the folder of the topics or the configuration
    directory. These are read, and again whenever they change, and `fill` makes of the settings and the contents what
    the writer finds in `Event.options`; it raises `ValueError` with a text for people.
    `claims` tells of settings and directory what two writers should not share, as a file; None where it is nothing.
    """

    settings: type[msgspec.Struct]
    topic_settings: type[msgspec.Struct]
    build: Callable[[Any, WriterContext], Writer]
    summary: str = ""
    check: Callable[[Any, Path | None], Sequence[Finding]] = _nothing_wrong
    files: Callable[[Any], Sequence[str]] = _no_files
    fill: Callable[[Any, Mapping[str, bytes]], Any] = _as_it_is
    claims: Callable[[Any, Path | None], str | None] = _nothing_claimed


class NoTopicSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For writers that have no settings per topic."""


class WriterUse(msgspec.Struct, frozen=True):
    """How a topic uses one writer: whether the answer depends on it, and the topic's settings for it."""

    required: bool = True
    options: Any = None


Uses = Mapping[str, WriterUse]
