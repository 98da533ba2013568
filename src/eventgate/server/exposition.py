"""The process that serves the page for Prometheus: on its own address, away from events."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Sequence

from eventgate.adapters.asgi import Application
from eventgate.adapters.refusals import correlated, refused
from eventgate.core.instruments import Instruments
from eventgate.core.model import Request, Response
from eventgate.errors import MethodNotAllowed, Refusal, RouteNotFound
from eventgate.server.gathering import Gathering
from eventgate.server.http import Server, uvicorn_config
from eventgate.server.link import Link
from eventgate.server.signals import let_through
from eventgate.telemetry.prometheus import exposition
from eventgate.telemetry.requests import RequestLog

log = logging.getLogger("eventgate.metrics")

DRAIN_SECONDS = 1.0


class Exposition:
    """Answers `GET /metrics`, and nothing else. Only what goes wrong is logged."""

    def __init__(self, gathering: Gathering) -> None:
        self.instruments: Instruments = RequestLog()
        self._gathering = gathering

    async def handle(self, request: Request) -> Response:
        """The answer to `request`."""
        try:
            return correlated(await self._page(request), request.headers)
        except Refusal as refusal:
            return refused(refusal, self.instruments, request.headers, method=request.method)

    async def _page(self, request: Request) -> Response:
        if request.path != "/metrics":
            raise RouteNotFound("no such path; metrics are at /metrics")
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("GET, HEAD")
        accepted = b",".join(value for name, value in request.headers if name == b"accept")
        text, content_type = exposition(await self._gathering.series(), accepted.decode("latin-1"))
        headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
        if request.method == "HEAD":
            return Response(200, [*headers, (b"content-length", str(len(text)).encode())], b"")
        return Response(200, headers, text)


def run_exposition(sockets: Sequence[socket.socket], lines: Sequence[socket.socket], link: Link) -> int:
    """Serve the page on `sockets` until told to stop; returns the exit code. Runs in a forked process."""
    asyncio.run(_serve(sockets, lines, link))
    return 0


async def _serve(sockets: Sequence[socket.socket], lines: Sequence[socket.socket], link: Link) -> None:
    config = uvicorn_config(
        Application(Exposition(Gathering(lines))), drain_seconds=DRAIN_SECONDS, tls_cert=None, tls_key=None
    )
    server = Server(config, link.report_ready)

    def stop() -> None:
        server.should_exit = True
        server.drop_connections()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGUSR1):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    loop.add_reader(link.parent_gone, stop)
    let_through()
    log.info("metrics are served", extra={"fields": {"pid": os.getpid()}})
    await server.serve(sockets=list(sockets))
