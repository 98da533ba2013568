"""The HTTP protocol of a connection: bounded, patient at its end, and with no step that a request does not need.

httptools parses, uvicorn accepts connections and drains them; what lies between a parsed request and the gate is here.
uvicorn's own protocol has ASGI there: a scope, messages, an event, timers and a turn of the loop for each request,
16 us of CPU where this takes 7.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import uvicorn

from eventgate.adapters.refusals import failed, refused
from eventgate.core.eager import start
from eventgate.core.model import Request, Response
from eventgate.errors import InvalidJson, Overloaded, Refusal, Unavailable
from eventgate.server.answering import rendered
from eventgate.server.exchange import Exchange
from eventgate.server.intake import State
from eventgate.server.patience import Patience
from eventgate.server.reading import Reader

HEAD_SECONDS = 20.0
"""How long a request's head may take to arrive."""
KEEP_ALIVE_SECONDS = 75.0
"""How long an idle connection stays open: longer than a load balancer's 60 s, or it meets connections just closed."""
FIRST_REQUEST_SECONDS = 1.0
"""How long a stopping server waits for the request of a connection that it has just accepted."""
LINGER_SECONDS = 5.0
"""How long the rest of a body is read and dropped after the answer on a connection that is to be closed."""
FAREWELL_SECONDS = 20.0
"""How long a client may take to read what it was sent once its connection is to be closed."""
ANSWERS_AT_ONCE = 16
"""How many requests sent ahead of their answers are answered before other connections have their turn."""


class GateProtocol(asyncio.Protocol):
    """One connection; its requests are answered one by one, in the order in which they come."""

    transport: asyncio.Transport

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: State,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._gate = config.loaded_app.gate
        self._most_connections = config.limit_concurrency
        self._server = server_state
        self.intake = server_state.intake
        self._reader = Reader(self, self._found)
        self._loop = asyncio.get_running_loop()
        self._patience = Patience(self._loop, self._give_up)
        self._head_awaited = 0
        self._queue: deque[Exchange] = deque()
        self._answering: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._refusal: Response | None = None
        self._deaf = self._paused = self._clogged = self._stopping = self._ending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, but not for ever."""
        self.transport = transport  # type: ignore[assignment]  # a stream's
        self._server.connections.add(self)  # type: ignore[arg-type]  # has what uvicorn uses of its own
        self._patience.lasts(HEAD_SECONDS)
        if self._most_connections is not None and len(self._server.connections) > self._most_connections:
            self._turn_away()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything; what is being answered comes to its end, though nobody will know."""
        self._server.connections.discard(self)
        self._patience.close()
        self._reader.close()
        self._forget_queue()
        self._deaf = True
        if self._answering is not None:
            self._answering.break_off(InvalidJson("the connection ended before the body did"))

    def data_received(self, data: bytes) -> None:
        """Read, and answer what is there."""
        if self._deaf:
            return
        reader = self._reader
        try:
            reader.feed(data)
        except Refusal as refusal:
            self._refuse(refusal)
        self._proceed()
        if reader.in_head and not self._deaf and reader.begun != self._head_awaited and self._answering is None:
            self._head_awaited = reader.begun
            self._patience.lasts(HEAD_SECONDS)
        elif self._ending and not reader.in_body and not self._deaf:
            self._close()

    def pause_writing(self) -> None:
        """The client does not read its answers: take no more requests from it."""
        self._clogged = True
        self.pause()

    def resume_writing(self) -> None:
        """Go on."""
        self._clogged = False
        self._proceed()

    def shutdown(self) -> None:
        """Finish: a request that has begun to arrive, or may be about to on a fresh connection, is still answered."""
        self._stopping = True
        last = self._queue[-1] if self._queue else self._answering
        if self._reader.in_head:
            return
        if last is not None:
            last.keep_alive = False
        elif self._reader.begun:
            self._close_when_read()
        else:
            self._patience.lasts(FIRST_REQUEST_SECONDS)

    def pause(self) -> None:
        """Read no more for now."""
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self.transport.pause_reading()

    def read_on(self) -> None:
        """Read again, if reading had been stopped."""
        if self._paused and not self.transport.is_closing():
            self._paused = False
            self.transport.resume_reading()

    def _found(self, exchange: Exchange) -> None:
        """A request's head is there. What comes while another is answered has to wait, and so has its sender."""
        if self._ending:
            return
        if self._queue or self._answering is not None:
            self.pause()
        if self._stopping:
            exchange.keep_alive = False
        self._queue.append(exchange)

    def _proceed(self) -> None:
        """Answer what waits, one after the other, as far as that goes without waiting."""
        for _ in range(ANSWERS_AT_ONCE):
            if self._answering is not None or not self._queue or self._clogged:
                break
            self._patience.endless()
            self._answering = self._queue.popleft()
            task = start(self._answer(self._answering))
            if not task.done():
                self._server.tasks.add(task)
                self._task = task
        else:
            self._loop.call_soon(self._proceed)
        if self._answering is None and not self._queue:
            if self._refusal is not None:
                self._send(self._refusal, keep_alive=False)
                self._refusal = None
            elif not self._clogged:
                self.read_on()

    async def _answer(self, exchange: Exchange) -> None:
        """Answer the request, also if that is cancelled because the time to stop has come."""
        try:
            response = await self._gate.handle(Request(exchange.method, exchange.path, exchange.headers, exchange.body))
        except asyncio.CancelledError:
            refusal = Unavailable("the gate has stopped before the request was done")
            response = refused(refusal, self._gate.instruments, exchange.headers, method=exchange.method)
        except Exception as defect:
            response = failed(defect, self._gate.instruments, exchange.headers, method=exchange.method)
        if not exchange.complete:
            self._reader.drop()
        self._answering = None
        if exchange.size:
            exchange.release()
        try:
            self._send(response, keep_alive=exchange.keep_alive)
        finally:
            if self._task is not None:  # this is it; who started it did not wait for its end
                self._server.tasks.discard(self._task)
                self._task = None
                self._proceed()

    def _send(self, response: Response, *, keep_alive: bool) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(rendered(response, self._server.default_headers, keep_alive=keep_alive))
        if keep_alive:
            self._patience.lasts(HEAD_SECONDS if self._reader.in_head else KEEP_ALIVE_SECONDS)
        else:
            self._close_when_read()

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more. What was read before is answered first; then the refusal, or by it what was cut off."""
        self._deaf = True
        last = self._queue[-1] if self._queue else self._answering
        if self._reader.in_body and last is not None and not last.complete:
            last.keep_alive = False
            last.break_off(refusal)
        elif self._reader.in_body:
            self._close()  # in the rest of a body whose request was answered already
        else:
            self._refusal = refused(refusal, self._gate.instruments, self._reader.unfinished_head)

    def _turn_away(self) -> None:
        """Say that there are too many connections, unless there are even too many to say so."""
        if len(self._server.connections) > 1.1 * (self._most_connections or 0) + 1:
            self.transport.abort()
        else:
            self._refuse(Overloaded("the gate has as many connections as it may"))
            self._proceed()

    def _give_up(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()
        else:
            self._close()

    def _forget_queue(self) -> None:
        while self._queue:
            self._queue.popleft().release()

    def _close(self) -> None:
        """Close once all is sent; what nobody reads is not kept for ever."""
        self.transport.close()
        self._patience.lasts(FAREWELL_SECONDS)

    def _close_when_read(self) -> None:
        """Close, but not before the request's body has been read or its time is up.

        Closing a socket with unread data resets the connection, and the answer may be lost on its way (RFC 9112,
        section 9.6). That nothing more will come is said at once, to those who read until the end.
        """
        self._ending = True
        self._forget_queue()
        if self._reader.in_body or self._deaf:
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._patience.lasts(LINGER_SECONDS)
        else:
            self._close()
