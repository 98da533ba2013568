"""One request on a connection, whose body may still be on its way."""

from __future__ import annotations

import asyncio
from typing import Protocol

from eventgate.core.model import Headers
from eventgate.errors import BodyTooLarge, BodyTooSlow, Overloaded, Refusal
from eventgate.server.intake import Intake

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UNWANTED_BYTES = 64 * 1024
"""How much of a body is read before the gate asks for it."""
BODY_SECONDS = 20.0
"""How long a body may take to arrive, whatever its size."""
LEAST_BYTES_PER_SECOND = 2048
"""Every so many bytes of a body give the rest of it one more second: a slow line is served, a dripping one is not."""


class Connection(Protocol):
    """What an exchange asks of its connection."""

    transport: asyncio.Transport
    intake: Intake

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
        "_content",
        "_fault",
        "_started",
        "_timer",
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
        self._content: bytes | bytearray = b""
        self._started = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._fault: Refusal | None = None

    async def body(self, limit: int) -> bytes:
        """The whole body.

        Raises `BodyTooLarge` as soon as it must be larger than `limit` bytes, `BodyTooSlow`, and `Overloaded` where
        the process holds too many bytes of bodies.
        """
        if not self.complete:
            await self._arrive(limit)
        if self.size > limit:
            raise BodyTooLarge(limit)
        self._content = content = bytes(self._content)
        return content

    async def _arrive(self, limit: int) -> None:
        expected = False
        for name, value in self.headers:
            if name == b"content-length" and int(value) > limit:  # a number, or it would not have been parsed
                raise BodyTooLarge(limit)
            expected = expected or (name == b"expect" and value.lower() == b"100-continue")
        if expected and not self._connection.transport.is_closing():
            self._connection.transport.write(CONTINUE)
        self.wanted = True
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        self._timer = loop.call_later(BODY_SECONDS, self._look_at_the_clock)
        try:
            while not self.complete and self.size <= limit:
                if self._fault is not None:
                    raise self._fault
                self._arrival = loop.create_future()
                self._connection.read_on()
                await self._arrival
        finally:
            self._timer.cancel()

    def add(self, part: bytes) -> None:
        """Take a part of the body."""
        if self._fault is not None:
            return
        intake = self._connection.intake
        held = intake.held + len(part)
        if held <= intake.ample:
            intake.held = held
        elif not intake.take(len(part), self.size):
            self.release()
            self.break_off(Overloaded("the gate holds as many bytes of bodies as it may"))
            return
        if not self.size:
            self._content = part
        elif isinstance(self._content, bytearray):
            self._content += part
        else:  # many small parts, kept one by one, would take many times their size
            self._content = bytearray(self._content + part)
        self.size += len(part)
        if self.wanted:
            self._wake()
        elif self.size > UNWANTED_BYTES:
            self._connection.pause()

    def release(self) -> None:
        """Let go of the body: nobody will ask for it any more."""
        self._connection.intake.held -= self.size
        self.size = 0
        self._content = b""

    def end(self) -> None:
        """The body is complete, unless something was wrong with it."""
        self.complete = self._fault is None
        if self.wanted:
            self._wake()

    def break_off(self, fault: Refusal) -> None:
        """Nothing more will come of the body; `fault` says why."""
        self._fault = fault
        self._wake()

    def _look_at_the_clock(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._started + BODY_SECONDS + self.size / LEAST_BYTES_PER_SECOND
        if loop.time() < due:
            self._timer = loop.call_at(due, self._look_at_the_clock)
        else:
            self.keep_alive = False
            self.break_off(BodyTooSlow())

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
