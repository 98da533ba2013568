"""A gate on real sinks: what it is asked, what it answered, and what the sinks then hold."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from eventgate.app import Gate, open_gate
from eventgate.core.model import Request, Response
from eventgate.testing import TokenMaker
from tests.faults.sinks import Sinks

TIMEOUT_SECONDS = 2.0
SLACK_SECONDS = 5.0
"""What a busy machine may add to a deadline; what does not keep it at all waits for longer."""
PATIENCE_SECONDS = 60.0
MAY_HOLD = {"delivered": {1}, "failed": {0}, "refused": {0}, "skipped": {0}, "unknown": {0, 1}}
"""How often a sink may hold an event, by what the gate said of it."""

_TOKENS = TokenMaker()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate said of one event. `blamed`: the types of its errors."""

    status: int
    seconds: float
    outcomes: Mapping[str, str]
    reasons: Mapping[str, str]
    blamed: list[str]
    document: Mapping[str, Any]


class Rig:
    """An open gate. `orders` goes to all writers; each writer has also a topic of its name, which goes to it only."""

    def __init__(self, gate: Gate, sinks: Sinks) -> None:
        self._gate = gate
        self._sinks = sinks
        self._answers: dict[str, Answer] = {}
        self.failed = 0

    async def post(self, event_id: str = "", topic: str = "orders", **members: Any) -> Answer:
        """Post an event with that id, or a new one."""
        event_id = event_id or uuid.uuid4().hex
        body = json.dumps({"event_id": event_id, **members}).encode()
        started = time.monotonic()
        response = await self._ask("POST", f"/topics/{topic}", body)
        document = json.loads(response.body)
        writers = document.get("writers") or {}
        answer = Answer(
            response.status,
            time.monotonic() - started,
            {name: said["outcome"] for name, said in writers.items()},
            {name: said.get("reason", "") for name, said in writers.items()},
            sorted({error["type"] for error in document.get("errors", ())}),
            document,
        )
        self._answers[event_id] = answer
        self.failed += answer.status == 500
        return answer

    async def health(self) -> Mapping[str, Any]:
        """What `/health` says, and its `code`."""
        response = await self._ask("GET", "/health")
        return {**json.loads(response.body), "code": response.status}

    async def delivers(self) -> None:
        """Wait until an event to all writers is accepted, and `/health` says that all is well."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (answer := await self.post()).status != 202:
            assert time.monotonic() < until, answer
        while (health := await self.health())["code"] != 200:
            assert time.monotonic() < until, health

    async def suffers(
        self, fault: AbstractAsyncContextManager[Any], writer: str, outcomes: Iterable[str], status: int = 500
    ) -> list[Answer]:
        """Go through a fault of one writer's sink; its answers, with `outcomes` as the only ones allowed.

        They come by the deadline, blame that writer alone, and say of the others what is always said. Events that
        do not go to it are as quick as ever. `/health` names it. Once the fault has passed, the gate is well by
        itself, and every answer it ever gave turns out to be true.
        """
        await self.delivers()
        async with fault:
            answers, others = await self._meanwhile(writer)
            health = await self.health()
        for answer in answers:
            assert (answer.status, answer.blamed) == (status, [writer]), answer
            assert answer.seconds < TIMEOUT_SECONDS + SLACK_SECONDS, answer
            assert answer.outcomes[writer] in set(outcomes), answer
            assert answer.reasons[writer]
            assert {outcome for name, outcome in answer.outcomes.items() if name != writer} == {"delivered"}, answer
        assert {other.status for other in others} == {202}, others
        assert median(other.seconds for other in others) < TIMEOUT_SECONDS / 2, others
        if status == 500:
            assert (health["code"], set(health["failures"])) == (503, {writer}), health
        await self.delivers()
        await self.is_true()
        return answers

    async def is_true(self) -> None:
        """Every sink holds what was said of it."""
        for name, held in (await asyncio.to_thread(self._sinks.held)).items():
            for event_id, answer in self._answers.items():
                if name in answer.outcomes:
                    said = answer.outcomes[name]
                    assert held[event_id] in MAY_HOLD[said], f"{name} said {said}, but holds {held[event_id]}"

    async def _meanwhile(self, writer: str) -> tuple[list[Answer], list[Answer]]:
        """Answers of events to all writers, and of events to the others, posted at the same time."""
        hit = asyncio.gather(*(self.post() for _ in range(5)))
        free = [name for name in self._sinks.writers if name != writer]
        others = [await self.post(topic=name) for name in free for _ in range(3)]
        return await hit, others

    async def _ask(self, method: str, path: str, body: bytes = b"") -> Response:
        async def read(limit: int) -> bytes:
            return body

        fields = [(b"authorization", b"Bearer " + _TOKENS.token("ann").encode())]
        return await self._gate.handle(Request(method, path, fields, read))


class _Errors(logging.Handler):
    """Keeps the loggers' names of errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.names.append(record.name)


@contextmanager
def errors_logged() -> Iterator[list[str]]:
    """Who logs an error, until the block is left."""
    handler, root = _Errors(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.names
    finally:
        root.removeHandler(handler)


@asynccontextmanager
async def opened(
    folder: Path, sinks: Sinks, seconds: float = TIMEOUT_SECONDS, **topics: Mapping[str, Any]
) -> AsyncIterator[Rig]:
    """A gate with the writers of `sinks` and a deadline of `seconds`; `topics` are added to its own."""
    schema = {"type": "object", "properties": {"event_id": {"type": "string"}}, "required": ["event_id"]}
    kafka = {"kafka": {"topic": sinks.topic}}
    own: dict[str, Mapping[str, Any]] = {"orders": {"writers": {name: kafka.get(name, {}) for name in sinks.writers}}}
    own |= {name: {"writers": {name: kafka.get(name, {})}} for name in sinks.writers}
    every = {name: {"schema": schema, "event_id": "/event_id", **topic} for name, topic in (own | topics).items()}
    config = {
        "token_public_keys_url": "keys.json",
        "topics": every,
        "access_config": "access.json",
        "writers": sinks.writers,
        "limits": {"request_timeout_seconds": seconds},
    }
    (folder / "keys.json").write_bytes(_TOKENS.jwks())
    (folder / "access.json").write_text(json.dumps({name: ["ann"] for name in every}))
    (folder / "config.json").write_text(json.dumps(config))
    with errors_logged() as errors:
        async with open_gate(str(folder), background=False, default_sqlite=False, env={}) as gate:
            rig = Rig(gate, sinks)
            yield rig
    assert errors == ["eventgate.request"] * rig.failed, "not exactly one error in the log for each failed request"


@asynccontextmanager
async def during(begin: Any, end: Any) -> AsyncIterator[None]:
    """A fault that two blocking calls begin and end."""
    await asyncio.to_thread(begin)
    try:
        yield
    finally:
        await asyncio.to_thread(end)
