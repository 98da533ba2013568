"""A worker process: one gate on one event loop, served by uvicorn."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

import msgspec

from eventgate.adapters.asgi import Application
from eventgate.app import Gate, open_gate
from eventgate.core.instruments import Instruments
from eventgate.errors import ConfigurationError
from eventgate.server.generation import Generation
from eventgate.server.http import Server, uvicorn_config
from eventgate.server.link import Link
from eventgate.server.reporting import report
from eventgate.server.signals import HURRY, let_through
from eventgate.telemetry.logs import lines_gathered
from eventgate.telemetry.meters import Meters
from eventgate.telemetry.several import together

log = logging.getLogger("eventgate.server")


class WorkerOptions(msgspec.Struct, frozen=True):
    """What a worker of a server is started with.

    On `report` it is asked for its counts, if anybody wants them. `watch` is told of every request.
    """

    conf: str
    sockets: Sequence[socket.socket]
    generation: Generation
    tls_cert: str | None = None
    tls_key: str | None = None
    report: socket.socket | None = None
    watch: Instruments | None = None


def run_worker(options: WorkerOptions, link: Link) -> int:
    """Serve until told to stop; returns the exit code. Runs in a forked process, in its main thread."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(Worker(options, link).run())


class Worker:
    """Opens the gate, serves it, and does what signals say: SIGTERM drains, `HURRY` drops, SIGHUP reloads."""

    def __init__(self, options: WorkerOptions, link: Link) -> None:
        self._options = options
        self._link = link
        self._gate: Gate | None = None
        self._server: Server | None = None
        self._opening: asyncio.Task[int] | None = None
        self._reloads: set[asyncio.Task[None]] = set()
        self._reporting: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Serve until stopped; returns 0, or 1 where the configuration cannot be opened."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        loop.add_signal_handler(HURRY, self.hurry)
        loop.add_reader(self._link.parent_gone, self._orphaned)
        self._opening = asyncio.ensure_future(self._serve())
        let_through()
        try:
            with lines_gathered(loop.call_soon):
                return await self._opening
        except asyncio.CancelledError:
            return 0
        except ConfigurationError as error:
            for finding in error.findings:
                sys.stderr.write(f"{finding}\n")
            return 1

    async def _serve(self) -> int:
        options = self._options
        meters = None if options.report is None else Meters()
        async with open_gate(
            options.conf,
            background=True,
            default_sqlite=True,
            generation=options.generation,
            on_rebuild=options.generation.advance,
            instruments=meters if options.watch is None else together(meters, options.watch),
        ) as gate:
            self._gate = gate
            if options.report is not None and meters is not None:
                self._reporting = asyncio.ensure_future(report(options.report, meters, gate))
            config = uvicorn_config(
                Application(gate),
                drain_seconds=gate.settings.limits.drain_seconds,
                tls_cert=options.tls_cert,
                tls_key=options.tls_key,
            )
            self._server = Server(config, self._started)
            await self._server.serve(sockets=list(options.sockets))
        log.info("worker %d has stopped", os.getpid(), extra={"fields": {"pid": os.getpid()}})
        return 0

    def _started(self) -> None:
        log.info("worker %d serves", os.getpid(), extra={"fields": {"pid": os.getpid()}})
        self._link.report_ready()

    def stop(self) -> None:
        """Accept nothing more, answer what was accepted, end."""
        if self._server is None or self._gate is None:
            if self._opening is not None:
                self._opening.cancel()
        else:
            self._gate.draining = True
            self._server.should_exit = True

    def hurry(self) -> None:
        """End without waiting for what is under way."""
        self.stop()
        if self._server is not None:
            self._server.drop_connections()

    def reload(self) -> None:
        """Read topics, access rules and keys again. Does nothing while the gate opens: it reads them just now."""
        if self._gate is not None:
            task = asyncio.ensure_future(self._reload(self._gate))
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

    async def _reload(self, gate: Gate) -> None:
        try:
            await gate.reload()
        except Exception:
            log.exception("reloading failed in a way it should not; the last good versions stay in force")
        else:
            log.info("worker %d has reloaded", os.getpid(), extra={"fields": {"pid": os.getpid()}})

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._link.parent_gone)
        log.error("the parent process is gone; worker %d stops", os.getpid())
        self.stop()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for some systems and interpreters
        return None
    return uvloop.new_event_loop
