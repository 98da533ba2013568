"""The contract of the pages for people, which are loaded only when one is asked for."""

from __future__ import annotations

from typing import Final, Protocol

from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.model import Request, Response

ROUTES: Final = frozenset({"catalogue", "asset", "docs", "example"})
"""Routes that nobody but the pages answers."""
NEGOTIATED: Final = frozenset({"topics", "topic"})
"""Routes that are answered with a page to a browser, and with JSON to everyone else."""


class Pages(Protocol):
    """Answers for browsers."""

    async def answer(self, request: Request, head: Head, route: str, name: str, trail: Trail) -> Response:
        """The answer to GET or HEAD of one of the routes above; `name` is the topic's or asset's. Raises `Refusal`."""
