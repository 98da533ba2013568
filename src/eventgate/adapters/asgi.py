"""The gate as an ASGI 3 application, without a framework."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any, Protocol

from eventgate.app import open_gate
from eventgate.core.gateway import content_length
from eventgate.core.instruments import Instruments
from eventgate.core.model import Request, Response
from eventgate.errors import BodyTooLarge, ConfigurationError, InvalidJson
from eventgate.telemetry.logs import configure_logging

log = logging.getLogger("eventgate.asgi")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Answering(Protocol):
    """What a server needs of a gate."""

    instruments: Instruments

    async def handle(self, request: Request) -> Response:
        """The answer to `request`."""


class Application:
    """Serves an open `gate`; who opened it closes it."""

    def __init__(self, gate: Answering) -> None:
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the server."""
        if scope["type"] == "http":
            headers = scope["headers"]
            read = _Body(headers, receive).read
            request = Request(scope["method"], _path(scope), headers, read, outer_path=scope["path"])
            response = await self.gate.handle(request)
            headers = content_length(response)
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": response.body})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})


class LazyApplication:
    """Opens the gate of `CONF_DIR` when the server starts (ASGI lifespan) and closes it when it stops."""

    def __init__(self) -> None:
        self._gate: Answering | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the server, or run the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._gate is None:
            raise RuntimeError("this application needs a server that runs the ASGI lifespan")
        else:
            await Application(self._gate)(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
                conf = os.environ.get("CONF_DIR", "conf")
                self._gate = await stack.enter_async_context(open_gate(conf, background=True, default_sqlite=True))
            except ConfigurationError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._gate = None
        await send({"type": "lifespan.shutdown.complete"})


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    mount: str = scope.get("root_path", "").rstrip("/")
    if mount and (path == mount or path.startswith(mount + "/")):
        return path[len(mount) :] or "/"
    return path


class _Body:
    """A request's body, read when it is asked for."""

    __slots__ = ("_headers", "_receive")

    def __init__(self, headers: list[tuple[bytes, bytes]], receive: Receive) -> None:
        self._headers = headers
        self._receive = receive

    async def read(self, limit: int) -> bytes:
        """The whole body; raises `BodyTooLarge` as soon as it must be larger than `limit` bytes."""
        for name, declared in self._headers:
            if name == b"content-length" and declared.isdigit() and int(declared) > limit:
                raise BodyTooLarge(limit)
        message = await self._next()
        body: bytes = message.get("body", b"")
        parts, size = [body], len(body)
        while size <= limit and message.get("more_body"):
            message = await self._next()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if size > limit:
            raise BodyTooLarge(limit)
        return body if len(parts) == 1 else b"".join(parts)

    async def _next(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise InvalidJson("the connection ended before the body did")
        return message


app = LazyApplication()
