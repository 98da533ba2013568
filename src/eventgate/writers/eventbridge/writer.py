"""The EventBridge writer: groups of events as entries of PutEvents requests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventgate.aws.client import HINT, NEEDS, Client, is_installed
from eventgate.aws.faults import AwsFailure
from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, WriterContext, WriterSpec
from eventgate.errors import ConfigurationError, Finding, SinkUnavailable
from eventgate.writers.eventbridge.entries import MAX_ENTRIES, Entry, compose, refusal, requests, target
from eventgate.writers.eventbridge.outcomes import undone, verdicts
from eventgate.writers.eventbridge.settings import EventBridgeSettings, EventBridgeTopicSettings

CONCURRENCY: Final = 8
"""Requests under way at once."""
PROBE_SECONDS: Final = 2.5
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0
"""Between attempts at throttled entries: a random time up to a bound that doubles from the first to the longest."""

_ABSENT: Final = "ResourceNotFoundException"
_INVALID: Final = "ValidationException"
_CLOSED: Final = WriteResult(Outcome.FAILED, reason="the writer is closed")


class EventBridgeWriter:
    """Puts events on a bus. What AWS throttles is sent again until the deadline; nothing else is sent twice."""

    def __init__(self, name: str, settings: EventBridgeSettings, ca_bundle: bool | str) -> None:
        self.name = name
        self.grouping: Grouping | None = Grouping(
            max_events=MAX_ENTRIES, max_bytes=settings.max_request_bytes, concurrency=CONCURRENCY
        )
        self._settings = settings
        self._ca_bundle = ca_bundle
        self._client: Client | None = None

    async def open(self) -> None:
        """Make the client; nothing is asked of AWS."""
        if self._client is None:
            settings = self._settings
            self._client = Client(
                "events",
                region=settings.event_bus_arn.split(":")[3],
                endpoint_url=settings.endpoint_url,
                ca_bundle=self._ca_bundle,
            )
            await self._client.warm(PROBE_SECONDS)

    def refuse(self, event: Event) -> Unacceptable | None:
        """What EventBridge does not take: anything but an object, long integers, too many bytes, AWS's own sources."""
        return refusal(event, self.name, self._settings)

    def target(self, topic: str, options: Any) -> str:
        """The bus and what its rules go by: source and detail type."""
        return target(topic, options, self._settings)

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        """Put the events on the bus; `delivered` is what EventBridge gave an id."""
        client = self._client
        if client is None:
            return [_CLOSED] * len(events)
        results: dict[int, WriteResult] = {}
        numbered: list[tuple[int, Entry]] = []
        for number, event in enumerate(events):
            entry = compose(event, self.name, self._settings)
            if isinstance(entry, Unacceptable):
                results[number] = WriteResult(Outcome.REFUSED, reason=entry.message, pointer=entry.pointer)
            else:
                numbered.append((number, entry))
        until = _before(deadline)
        groups = requests(numbered, self._settings.max_request_bytes)
        for written in await asyncio.gather(*(self._put(client, group, until) for group in groups)):
            results.update(written)
        return [results[number] for number in range(len(events))]

    async def probe(self) -> None:
        """Ask for the bus. Whoever may only put events is denied this, and has been heard all the same."""
        if self._client is None:
            raise SinkUnavailable("the writer is closed")
        problem = await self._ask_for_bus(self._client)
        if problem is not None and not problem.denied:
            raise SinkUnavailable(problem.reason)

    async def inspect(self, topics: Mapping[str, Any]) -> Sequence[Finding]:
        """What of `topics` (name -> its options) EventBridge will not take, and whether there is such a bus."""
        findings = []
        problem = None if self._client is None else await self._ask_for_bus(self._client)
        if problem is not None and problem.code == _ABSENT:
            hint = "its events fail until it is there; look at account, region and name"
            findings.append(Finding("error", "", "there is no such event bus", "/event_bus_arn", hint))
        for name, options in topics.items():
            own = options if isinstance(options, EventBridgeTopicSettings) else EventBridgeTopicSettings()
            if (own.source or self._settings.source or name).startswith("aws."):
                message = f"the writer {self.name} needs a `source` for this topic: AWS keeps `aws.` for itself"
                findings.append(Finding("error", f"topic {name}", message))
        return findings

    async def close(self) -> None:
        """Let go of the connections; what is still under way ends as `unknown`, and nothing more is sent."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _ask_for_bus(self, client: Client) -> AwsFailure | None:
        deadline = asyncio.get_running_loop().time() + PROBE_SECONDS
        try:
            await client.call("describe_event_bus", {"Name": self._settings.event_bus_arn}, dict, deadline=deadline)
        except AwsFailure as problem:
            return problem
        return None

    async def _put(self, client: Client, group: list[tuple[int, Entry]], until: float) -> dict[int, WriteResult]:
        """Send one request, and what is throttled of it again until the time has come; a result for every number."""
        results: dict[int, WriteResult] = {}
        bound = FIRST_PAUSE_SECONDS
        while True:
            try:
                answered = await self._send(client, group, until)
            except AwsFailure as problem:
                if problem.code == _INVALID and len(group) > 1:
                    return results | await self._put_singly(client, group, until)
                results.update((number, undone(problem)) for number, _ in group)
                group = group if problem.throttled else []
            else:
                results.update((number, verdict.result) for (number, _), verdict in zip(group, answered, strict=True))
                group = [each for each, verdict in zip(group, answered, strict=True) if verdict.again]
            pause = random.uniform(bound / 2, bound)  # noqa: S311 - apart from others, not secret
            if not group or asyncio.get_running_loop().time() + pause >= until:
                return results
            await asyncio.sleep(pause)
            bound = min(bound * 2, LONGEST_PAUSE_SECONDS)

    async def _put_singly(self, client: Client, group: list[tuple[int, Entry]], until: float) -> dict[int, WriteResult]:
        """One bad entry makes a request invalid: each goes alone, so that it fails none of its neighbours."""
        results: dict[int, WriteResult] = {}
        for each in group:
            results.update(await self._put(client, [each], until))
        return results

    async def _send(self, client: Client, group: list[tuple[int, Entry]], until: float) -> Any:
        entries = [entry.members for _, entry in group]
        return await client.call(
            "put_events", {"Entries": entries}, lambda answer: verdicts(answer, len(entries)), deadline=until
        )


def build(settings: EventBridgeSettings, context: WriterContext) -> EventBridgeWriter:
    """A writer to the bus that `settings` names; raises `ConfigurationError` where botocore is not installed."""
    if not is_installed():
        message = f"the writer type `eventbridge` {NEEDS}"
        raise ConfigurationError((Finding("error", "config.json", message, f"/writers/{context.name}", HINT),))
    return EventBridgeWriter(context.name, settings, context.ssl_ca_bundle)


def _before(deadline: float) -> float:
    """A little earlier than `deadline`, so that what is known then arrives before the caller gives up."""
    remaining = deadline - asyncio.get_running_loop().time()
    return deadline - min(0.1, max(remaining, 0.0) * 0.1)


SPEC = WriterSpec(
    settings=EventBridgeSettings,
    topic_settings=EventBridgeTopicSettings,
    build=build,
    summary="entries on an Amazon EventBridge bus",
)
