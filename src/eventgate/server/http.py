"""uvicorn as the gate uses it."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from eventgate.adapters.asgi import Application
from eventgate.server.descriptors import connection_limit
from eventgate.server.intake import State
from eventgate.server.protocol import GateProtocol


class Server(uvicorn.Server):
    """uvicorn, which leaves signals to the worker and says when it serves."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self.server_state = State()
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets)
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield

    def drop_connections(self) -> None:
        """Stop without waiting for answers."""
        self.force_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


def uvicorn_config(
    application: Application, *, drain_seconds: float, tls_cert: str | None, tls_key: str | None
) -> uvicorn.Config:
    """How uvicorn serves `application` on sockets that are given to it."""
    return uvicorn.Config(
        application,
        http=GateProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        loop="none",
        workers=1,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(drain_seconds),
        limit_concurrency=connection_limit(),
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
