"""A uvicorn server in this process with a gate of a few lines behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from eventgate.adapters.asgi import Application
from eventgate.adapters.refusals import refused
from eventgate.core.instruments import Instruments
from eventgate.core.model import Request, Response
from eventgate.errors import Refusal
from eventgate.server.http import Server, uvicorn_config
from eventgate.server.listener import Listener
from eventgate.telemetry.requests import RequestLog

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Gate:
    """Answers every request with its body's length, and refuses bodies over 1000 bytes.

    `/never` is not answered at all; `/later` when `let_go` is set; `/named` with the values of `x-name`.
    """

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.let_go = asyncio.Event()
        self.reading = asyncio.Event()
        self.refusals: list[Refusal] = []
        self.instruments: Instruments = RequestLog()

    async def handle(self, request: Request) -> Response:
        if request.path == "/never":
            self.waiting.set()
            await asyncio.Event().wait()
        if request.path == "/later":
            self.waiting.set()
            await self.let_go.wait()
        if request.path == "/defect":
            raise ValueError("secret")
        if request.path == "/large":
            return Response(200, (), bytes(1_000_000))
        self.reading.set()
        try:
            body = await request.body(1000)
        except Refusal as refusal:
            self.refusals.append(refusal)
            return refused(refusal, self.instruments, request.headers)
        if request.path == "/named":
            body = b",".join(value for name, value in request.headers if name == b"x-name")
            return Response(200, (), body)
        return Response(200, (), str(len(body)).encode())


@asynccontextmanager
async def served(gate: Gate | None = None) -> AsyncIterator[tuple[Server, int]]:
    """A server and its port."""
    with closing(Listener.open("127.0.0.1", 0)) as listener:
        config = uvicorn_config(Application(gate or Gate()), drain_seconds=5, tls_cert=None, tls_key=None)
        started = asyncio.Event()
        server = Server(config, started.set)
        task = asyncio.create_task(server.serve(sockets=list(listener.sockets)))
        await started.wait()
        try:
            yield server, listener.port
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Streams]:
    """A connection to the server; whatever is read ends in time."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
