"""A gate whose sources change, and a client that never stops posting."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from eventgate.testing import TokenMaker

FIRST, SECOND = TokenMaker("first"), TokenMaker("second")
EVENT = {"id": 1, "n": 1}
LOOSE: dict[str, Any] = {"type": "object", "required": ["id"]}
STRICT: dict[str, Any] = {"type": "object", "required": ["id", "n"]}
ACCESS: dict[str, Any] = {"orders": ["ann"]}
CONFIG: dict[str, Any] = {
    "token_public_keys_url": "keys.json",
    "auth": {"refresh_seconds": 0.02},
    "writers": {"discard": {}},
    "refresh_seconds": 0.02,
}
PATIENCE_SECONDS = 60

Ask = Callable[[str, str, bytes, str], Awaitable[tuple[int, Any]]]
"""Method, path, body and token; gives the status and the document of the answer."""


class Sources(Protocol):
    """Where a configuration lies: a folder or a bucket."""

    def put(self, name: str, content: object) -> None:
        """Write a file: bytes, or a document as JSON."""

    def remove(self, name: str) -> None:
        """Remove a file."""


def keys(*makers: TokenMaker) -> dict[str, Any]:
    """The key set of several issuers."""
    return {"keys": [key for maker in makers for key in json.loads(maker.jwks())["keys"]]}


def begin(sources: Sources) -> None:
    """Write the configuration that all begins with."""
    sources.put("config.json", CONFIG)
    sources.put("keys.json", keys(FIRST))
    sources.put("access.json", ACCESS)
    sources.put("topics/orders.json", LOOSE)


class Evolving:
    """Asks a gate, and counts what became of the posts that went on all the time."""

    def __init__(self, sources: Sources, ask: Ask) -> None:
        self.sources = sources
        self.issuer = FIRST
        self.statuses: Counter[int] = Counter()
        self._ask = ask
        self._goes_on = False

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        """Post all the time; every one is taken."""
        self._goes_on = True
        task = asyncio.create_task(self._post_on())
        try:
            yield
        finally:
            self._goes_on = False  # the last one is waited for: a thread cannot be cancelled
            await task
        assert set(self.statuses) == {202}

    async def _post_on(self) -> None:
        while self._goes_on:
            self.statuses[await self.post(EVENT)] += 1
            await asyncio.sleep(0)

    async def post(
        self, event: object, *, topic: str = "orders", sub: str = "ann", issuer: TokenMaker | None = None
    ) -> int:
        """The status of one post."""
        token = (issuer or self.issuer).token(sub)
        return (await self._ask("POST", f"/topics/{topic}", json.dumps(event).encode(), token))[0]

    async def change_issuer(self, issuer: TokenMaker) -> None:
        """Post with tokens of `issuer` from now on; return when no other is under way."""
        self.issuer = issuer
        enough = self.statuses.total() + 2

        async def are_there() -> bool:
            return self.statuses.total() >= enough

        await until(are_there)

    async def health(self) -> tuple[set[str], str]:
        """What fails according to `/health`, and all its warnings."""
        status, said = await self._ask("GET", "/health", b"", "")
        failures = set(said.get("failures", ()))
        assert status == (503 if failures else 200)
        return failures, " ".join(said["warnings"])

    async def until_status(self, status: int, event: object = EVENT, **how: Any) -> None:
        """Wait until a post has this status."""

        async def has_it() -> bool:
            return await self.post(event, **how) == status

        await until(has_it)

    async def until_failing(self, *names: str) -> None:
        """Wait until `/health` says that these fail, and no others."""

        async def fail() -> bool:
            return (await self.health())[0] == set(names)

        await until(fail)

    async def until_warned(self, text: str) -> None:
        """Wait until a warning of `/health` holds `text`, or with an empty one until there is none."""

        async def is_there() -> bool:
            _, warned = await self.health()
            return text in warned and bool(text or not warned)

        await until(is_there)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds; `TimeoutError` where it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110  a gate tells nobody
            await asyncio.sleep(0)
