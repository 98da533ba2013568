"""One request on a connection, whose body may still be on its way."""

from __future__ import annotations

import asyncio
from typing import Protocol

from eventgate.core.model import Headers
from eventgate.errors import BodyTooLarge, Refusal

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UNWANTED_BYTES = 64 * 1024
"""How much of a body is read before the gate asks for it."""


class Connection(Protocol):
    """What an exchange asks of its connection."""

    transport: asyncio.Transport

    def pause(self) -> None:
        """Read no more for now."""

    def read_on(self) -> None:
        """Read again, if reading had been stopped."""


class Exchange:
    """A request's head, and its body as it arrives. `keep_alive`: the connection outlives the answer.

    `complete` says that all of the body is there, `wanted` that the gate has asked for it, `size` counts its bytes.
    """

    __slots__ = (
        "_arrival",
        "_connection",
        "_fault",
        "_parts",
        "complete",
        "headers",
        "keep_alive",
        "method",
        "path",
        "size",
        "wanted",
    )

    def __init__(self, connection: Connection, method: str, path: str, headers: Headers, keep_alive: bool) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.keep_alive = keep_alive
        self.complete = self.wanted = False
        self.size = 0
        self._connection = connection
        self._parts: list[bytes] = []
        self._arrival: asyncio.Future[None] | None = None
        self._fault: Refusal | None = None

    async def body(self, limit: int) -> bytes:
        """The whole body; raises `BodyTooLarge` as soon as it must be larger than `limit` bytes."""
        if not self.complete:
            await self._arrive(limit)
        if self.size > limit:
            raise BodyTooLarge(limit)
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    async def _arrive(self, limit: int) -> None:
        expected = False
        for name, value in self.headers:
            if name == b"content-length" and int(value) > limit:  # a number, or it would not have been parsed
                raise BodyTooLarge(limit)
            expected = expected or (name == b"expect" and value.lower() == b"100-continue")
        if expected and not self._connection.transport.is_closing():
            self._connection.transport.write(CONTINUE)
        self.wanted = True
        while not self.complete and self.size <= limit:
            if self._fault is not None:
                raise self._fault
            self._arrival = asyncio.get_running_loop().create_future()
            self._connection.read_on()
            await self._arrival

    def add(self, part: bytes) -> None:
        """Take a part of the body."""
        self._parts.append(part)
        self.size += len(part)
        if self.wanted:
            self._wake()
        elif self.size > UNWANTED_BYTES:
            self._connection.pause()

    def end(self) -> None:
        """The body is complete."""
        self.complete = True
        if self.wanted:
            self._wake()

    def break_off(self, fault: Refusal) -> None:
        """Nothing more will come of the body; `fault` says why."""
        self._fault = fault
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
