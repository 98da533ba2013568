"""The HTTP protocol of a connection: uvicorn's on httptools, with bounds on a request's head and a patient end."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from eventgate.adapters.refusals import refused
from eventgate.core.limits import MAX_HEADER_BYTES
from eventgate.core.model import Response
from eventgate.errors import HeadersTooLarge, MalformedRequest
from eventgate.server.answering import answer

HEAD_SECONDS = 20.0
"""How long a request's head may take to arrive."""
HEAD_BYTES = 2 * MAX_HEADER_BYTES
"""How many bytes of an unfinished head are read. Above what the gate takes, so that it can say so in its own words."""
FIRST_REQUEST_SECONDS = 1.0
"""How long a stopping server waits for the request of a connection that it has just accepted."""
LINGER_SECONDS = 5.0
"""How long the rest of a body is read and dropped after the answer on a connection that is to be closed."""


class GateProtocol(HttpToolsProtocol):
    """One connection."""

    _head_bytes = 0
    _in_head = False
    _in_body = False
    _stopping = False
    _lingering = False
    _refused = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it to Transport
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; count what belongs to an unfinished head. The chunk in which it began is bounded by the event loop."""
        if self._refused:
            return
        was_in_head = self._in_head
        super().data_received(data)
        if not self._in_head:
            if self._is_idle() and self.timeout_keep_alive_task is None:
                self._await_head()  # after a stray line feed, for one
        elif not was_in_head:
            self._head_bytes = len(data)
            self._await_head()
        else:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = self._in_body = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is there."""
        self._in_head = False
        self._head_arrived()
        super().on_headers_complete()
        if self._stopping or not self.cycle.keep_alive:
            self._end_after_answer()

    def on_message_complete(self) -> None:
        """A request is there, body and all."""
        self._in_body = False
        super().on_message_complete()
        if self._lingering:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        task = self.loop.create_task(answer(cycle, app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def shutdown(self) -> None:
        """Finish: a request that has begun to arrive, or may be about to on a fresh connection, is still answered."""
        self._stopping = True
        if self._in_head:
            return
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_SECONDS, self._close_if_idle)
        elif self.cycle.response_complete:
            self.close_when_read()
        else:
            self._end_after_answer()

    def close_when_read(self) -> None:
        """Close, but not before the request's body has been read or its time is up.

        Closing a socket with unread data resets the connection, and the answer may be lost on its way (RFC 9112,
        section 9.6).
        """
        if not self._in_body:
            self.transport.close()
        elif not self._lingering:
            self._lingering = True
            self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _end_after_answer(self) -> None:
        self.cycle.keep_alive = False
        self.cycle.transport = LingeringTransport(self)  # type: ignore[assignment]  # has all that a cycle uses

    def _is_idle(self) -> bool:
        return not self._in_head and not self._in_body and (self.cycle is None or self.cycle.response_complete)

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, in the gate's own form."""
        self._refuse(b"400 Bad Request", refused(MalformedRequest()))

    def _refuse_head(self) -> None:
        answer = refused(HeadersTooLarge(f"more than {MAX_HEADER_BYTES} bytes of header fields"))
        self._refuse(b"431 Request Header Fields Too Large", answer)

    def _refuse(self, status: bytes, answer: Response) -> None:
        """Answer without a cycle, and end the connection."""
        fields = [
            *self.server_state.default_headers,
            *answer.headers,
            (b"content-length", str(len(answer.body)).encode()),
            (b"connection", b"close"),
        ]
        head = b"".join(b"%s: %s\r\n" % field for field in fields)
        self.transport.write(b"HTTP/1.1 %s\r\n%s\r\n%s" % (status, head, answer.body))
        self._refused = True
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


class LingeringTransport:
    """What a request's cycle is given instead of the transport when the connection is to end with its answer."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: GateProtocol) -> None:
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        """Send."""
        self._protocol.transport.write(data)

    def close(self) -> None:
        """Close once the request has been read."""
        self._protocol.close_when_read()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._protocol.transport.is_closing()
