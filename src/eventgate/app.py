"""The composition root: a gate that stays open while its configuration changes underneath."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from eventgate.assembly import KEYS_TIMEOUT_SECONDS, Assembly
from eventgate.config.settings import Settings
from eventgate.core.gateway import Gateway
from eventgate.core.instruments import Instruments
from eventgate.core.model import Request, Response
from eventgate.errors import ConfigurationError
from eventgate.opening import open_assembly
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.payloads import payload_log
from eventgate.telemetry.requests import RequestLog
from eventgate.telemetry.several import together
from eventgate.telemetry.tracing import traced

if TYPE_CHECKING:
    from eventgate.spool.sqs.queue import Received
    from eventgate.telemetry.spans import Traces

log = logging.getLogger("eventgate.configuration")


class _Opened:
    """An assembly with what closes it, and how many requests are in it."""

    def __init__(self, assembly: Assembly, stack: AsyncExitStack) -> None:
        self.assembly = assembly
        self.in_flight = 0
        self.idle = asyncio.Event()
        self._stack = stack

    async def close(self, wait_seconds: float) -> None:
        """Close once the requests in it are answered, or after `wait_seconds`."""
        if self.in_flight:
            self.idle.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.idle.wait(), wait_seconds)
        await self._stack.aclose()


class Gate:
    """An open gate. `draining` is the host's to set; `open_gate` makes and closes it.

    `instruments` are told of every request that reaches the gate; a host tells them of those that do not.
    """

    def __init__(
        self,
        conf: str,
        env: Mapping[str, str],
        *,
        background: bool,
        default_sqlite: bool,
        generation: Callable[[], int],
        on_rebuild: Callable[[], None],
        keys_seconds: float,
        instruments: Instruments | None,
        traces: Traces | None,
    ) -> None:
        self.draining = False
        self.instruments = together(RequestLog(cold_start=not background), payload_log(env), instruments, traces)
        self._traces = traces
        self._conf = conf
        self._env = env
        self._background = background
        self._default_sqlite = default_sqlite
        self._generation = generation
        self._on_rebuild = on_rebuild
        self._keys_seconds = keys_seconds
        self._built_at = generation()
        self._rebuilding = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._opened: _Opened

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._opened.assembly.configuration.settings

    @property
    def gateway(self) -> Gateway:
        """The gateway of the moment; `handle` is what hosts call."""
        return self._opened.assembly.gateway

    async def handle(self, request: Request) -> Response:
        """The answer to `request`, from a gate that is rebuilt first if someone asked for it."""
        if self._generation() != self._built_at:
            await self.rebuild()
        opened = self._opened
        opened.in_flight += 1
        try:
            return await opened.assembly.gateway.handle(request)
        finally:
            opened.in_flight -= 1
            if not opened.in_flight:
                opened.idle.set()

    async def flush(self, seconds: float) -> None:
        """Have the traces of what was answered taken by their collector, for at most `seconds`."""
        if self._traces is not None:
            await self._traces.flush(seconds)

    async def condition(self, *, ask_spool: bool = True) -> Condition:
        """What the gate's requests do not tell of it: the gauges of its metrics."""
        return await self._opened.assembly.condition(ask_spool=ask_spool)

    async def reload(self) -> None:
        """Read topics, access rules and keys again now."""
        await self._opened.assembly.refresh()

    async def refresh_if_due(self, budget_seconds: float) -> None:
        """Read again what is older than its interval, for at most `budget_seconds`: for hosts without a timer."""
        assembly = self._opened.assembly
        if not self._tasks and assembly.due:
            self._spawn(assembly.refresh_due())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=budget_seconds)

    async def redeliver(self, received: Sequence[Received], until: float) -> set[str]:
        """Try messages of the spool's queue, until `until` (`loop.time()`); the ids of those that are done."""
        return await self._opened.assembly.spooling.consume(received, until)

    async def rebuild(self) -> None:
        """Open the configuration anew and serve from it; one that is broken leaves the present one in force."""
        async with self._rebuilding:
            wanted = self._generation()
            if wanted == self._built_at:
                return
            try:
                fresh = await self._open(self._opened.assembly)
            except ConfigurationError as error:
                for finding in error.findings:
                    log.error("rebuilding: %s", finding)
                self._opened.assembly.rebuild_failure = "config.json could not be taken; the last good one is in force"
                return
            finally:
                self._built_at = wanted
            former, self._opened = self._opened, fresh
            self._start_timer()
            self._spawn(former.close(former.assembly.configuration.settings.limits.drain_seconds))

    async def start(self) -> None:
        """Open the configuration; raises `ConfigurationError`."""
        self._opened = await self._open()
        self._start_timer()

    async def close(self) -> None:
        """Answer what is under way, then close writers and sources."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.wait({self._timer})
        await self._opened.close(self.settings.limits.drain_seconds)
        await self._opened.assembly.keyring.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _open(self, former: Assembly | None = None) -> _Opened:
        async with AsyncExitStack() as stack:
            assembly = await open_assembly(
                stack,
                self._conf,
                self._env,
                default_sqlite=self._default_sqlite,
                ready=lambda: "the gate is draining" if self.draining else None,
                terminate=self._on_rebuild,
                instruments=self.instruments,
                tracing=self._traces,
                keys_seconds=self._keys_seconds,
                background=self._background,
                former=former,
            )
            if self._traces is not None:
                kinds = {name: writer.type for name, writer in assembly.configuration.writers.items()}
                self._traces.know(kinds, assembly.configuration.settings.ssl_ca_bundle)
            return _Opened(assembly, stack.pop_all())

    def _start_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._background:
            self._timer = asyncio.create_task(self._opened.assembly.keep_current())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Counter:
    """The generation of a gate that shares it with no other process."""

    def __init__(self) -> None:
        self.value = 0

    def read(self) -> int:
        return self.value

    def advance(self) -> None:
        self.value += 1


@asynccontextmanager
async def open_gate(
    conf: str,
    *,
    background: bool,
    default_sqlite: bool,
    env: Mapping[str, str] = os.environ,
    generation: Callable[[], int] | None = None,
    on_rebuild: Callable[[], None] | None = None,
    keys_seconds: float = KEYS_TIMEOUT_SECONDS,
    instruments: Instruments | None = None,
) -> AsyncIterator[Gate]:
    """A gate for the configuration directory `conf`; raises `ConfigurationError` with all findings.

    With `background` it refreshes by timer; without (Lambda), the host calls `refresh_if_due`. `default_sqlite`: where
    no writer is configured, events go to `events.db` in the directory; otherwise that is an error. Workers that share
    a `generation` are all rebuilt when one of them calls `on_rebuild`. The gate opens without keys if they take longer
    than `keys_seconds`, and takes them when they come. `instruments` are told of requests beside the log.
    """
    counter = _Counter()
    async with traced(env) as traces:
        gate = Gate(
            conf,
            env,
            background=background,
            default_sqlite=default_sqlite,
            generation=generation or counter.read,
            on_rebuild=on_rebuild or counter.advance,
            keys_seconds=keys_seconds,
            instruments=instruments,
            traces=traces,
        )
        await gate.start()
        try:
            yield gate
        finally:
            await gate.close()
