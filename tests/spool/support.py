"""A gate with a spool and sinks that can be broken and mended, for tests of what becomes of events meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from eventgate.app import Gate, open_gate
from eventgate.core.model import Request, Response
from eventgate.testing import TokenMaker
from eventgate.writers.sqlite.reader import StoredEvent, read_events

TOKENS = TokenMaker()
PATIENCE_SECONDS = 60.0
SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "key": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["id"],
}


class Spooled:
    """A gate whose sinks are SQLite files in folders of their own: without its folder, a sink is down.

    `orders` goes to `a` and `b`, by the key `/key`, and has a spool; `strict` is the same without one.
    """

    def __init__(self, folder: Path, **spool: Any) -> None:
        self.folder = folder
        self.writers = ("a", "b")
        topic: dict[str, Any] = {"schema": SCHEMA, "event_id": "/id", "key": "/key"}
        self.config: dict[str, Any] = {
            "token_public_keys_url": "keys.json",
            "topics": {"orders": {**topic, "spool": True}, "strict": dict(topic)},
            "writers": {name: {"type": "sqlite", "path": f"{name}/events.db"} for name in self.writers},
            "limits": {"request_timeout_seconds": 2},
            "spool": {"store": "sqlite:spool.db", **spool},
        }
        self.access: dict[str, Any] = {"orders": ["ann"], "strict": ["ann"]}
        self.write()
        for name in self.writers:
            self.mend(name)

    def write(self) -> None:
        """Put the configuration on disk as it is now."""
        (self.folder / "keys.json").write_bytes(TOKENS.jwks())
        (self.folder / "access.json").write_text(json.dumps(self.access))
        (self.folder / "config.json").write_text(json.dumps(self.config))

    def break_(self, writer: str) -> None:
        """Take a sink's folder away, with what is in it."""
        (self.folder / writer).rename(self.folder / f"{writer}.away")

    def mend(self, writer: str) -> None:
        """Give it back."""
        away = self.folder / f"{writer}.away"
        if away.exists():
            away.rename(self.folder / writer)
        else:
            (self.folder / writer).mkdir()

    def held(self, writer: str) -> list[StoredEvent]:
        """What a sink holds, in the order in which it came."""
        path = self.folder / writer / "events.db"
        return list(read_events(path)) if path.exists() else []

    def ids(self, writer: str) -> list[str]:
        """The ids of what a sink holds."""
        return [event.event_id for event in self.held(writer)]

    @property
    def spool_file(self) -> Path:
        """Where the spool is."""
        return self.folder / "spool.db"

    @asynccontextmanager
    async def opened(self, *, background: bool = True) -> AsyncIterator[Client]:
        """The gate, open."""
        async with open_gate(str(self.folder), background=background, default_sqlite=False, env={}) as gate:
            yield Client(gate)


class Client:
    """Posts to a gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    async def post_lines(self, *events: Mapping[str, Any], topic: str = "orders") -> Answer:
        """The answer to a batch."""
        content = b"\n".join(json.dumps(event).encode() for event in events)
        fields = {"content-type": "application/x-ndjson"}
        return Answer(await self._ask("POST", f"/topics/{topic}", content, fields))

    async def post(
        self, body: Mapping[str, Any] | bytes, topic: str = "orders", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a post by ann."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(await self._ask("POST", f"/topics/{topic}", content, headers or {}))

    async def health(self) -> Any:
        """What `/health` says."""
        return json.loads((await self._ask("GET", "/health", b"", {})).body)

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        async def read(limit: int) -> bytes:
            return body

        fields = [(b"authorization", b"Bearer " + TOKENS.token("ann").encode())]
        fields += [(name.encode(), value.encode()) for name, value in headers.items()]
        return await self.gate.handle(Request(method, path, fields, read))


class Answer:
    """What the gate said."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = dict(response.headers)
        self.document = json.loads(response.body)

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each writer."""
        return {name: said["outcome"] for name, said in self.document.get("writers", {}).items()}

    @property
    def types(self) -> list[str]:
        """The types of the errors."""
        return [error["type"] for error in self.document.get("errors", ())]


async def eventually(true: Callable[[], bool], what: str = "it") -> None:
    """Wait until `true()`."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, f"{what} did not happen"
        await asyncio.sleep(0.02)
