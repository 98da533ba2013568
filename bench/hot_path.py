"""One request's way through a server, in one process and without sockets: what can be counted there, exactly.

    python -m bench.hot_path [--where] [--json]

counts what the interpreter does for one posted event, or a batch of them, from the bytes that a connection received to
those that it sends: bytecode instructions, calls, and what the event loop is asked for. The same on every machine and
each time (of a batch but for the turns that it leaves to others, which the clock decides), so that a change of the
figures is a change of the code. `--where` tells the instructions by file. Time is another matter:
`bench.run` measures it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, redirect_stderr
from dataclasses import asdict
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bench import echo
from bench.batches import batch
from bench.counting import CountingLoop, Counts, counted
from bench.load import post
from bench.workload import TOPIC, Workload, configure, prepared
from eventgate.adapters.asgi import Answering, Application
from eventgate.app import open_gate
from eventgate.server.http import uvicorn_config
from eventgate.server.intake import State
from eventgate.server.protocol import GateProtocol
from eventgate.telemetry.logs import configure_logging

ECHO, GATE, LOGGING = "echo (a)", "gate, discard", "gate, discard, request log on"
BATCH = "gate, discard, a batch of 500"
WARM_UP = 50
"""Requests before anything is counted: the token is verified, caches are filled, the interpreter is specialised."""
DATE = [(b"date", b"Mon, 23 Nov 2026 14:00:00 GMT")]


class Wire(asyncio.Transport):
    """A connection's other end, which only counts and keeps what was written last."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.last = b""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses, as uvicorn asks for them."""
        return {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """An answer, or a part of one."""
        self.writes += 1
        self.last = bytes(data)

    def is_closing(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing to close."""

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self) -> None:
        """Nothing to resume."""


class Way:
    """A connection of one contestant. `send` gives it a request, and the event loop turns until it is answered.

    It is given `requests` in turn; `parts` is how many writes an answer takes.
    """

    def __init__(
        self, config: uvicorn.Config, protocol: Callable[..., Any], requests: Iterable[bytes], parts: int = 1
    ) -> None:
        if not config.loaded:
            config.load()
        state = State()
        state.default_headers = DATE
        self.wire = Wire()
        self._requests = cycle(requests)
        self._parts = parts
        self._protocol = protocol(config=config, server_state=state, app_state={})
        self._protocol.connection_made(self.wire)

    async def send(self, requests: int) -> None:
        """Post so many events, one after the other."""
        for _ in range(requests):
            wanted = self.wire.writes + self._parts
            self._protocol.data_received(next(self._requests))
            while self.wire.writes < wanted:  # noqa: ASYNC110  # an event to wait for would be counted as well
                await asyncio.sleep(0)

    def close(self) -> None:
        """The connection is gone."""
        self._protocol.connection_lost(None)


def served(gate: Answering) -> uvicorn.Config:
    """How the server has uvicorn serve `gate`."""
    return uvicorn_config(Application(gate), drain_seconds=1, tls_cert=None, tls_key=None)


@asynccontextmanager
async def ways(workload: Workload, conf: Path) -> AsyncIterator[dict[str, Way]]:
    """Connections to the echo and to a gate of `conf`, by their names; on the last one, batches are posted."""
    request = post(TOPIC, workload.token, workload.event, workload.event_id).render(1)
    bare = uvicorn.Config(
        echo.app,
        http=HttpToolsProtocol,
        loop="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    async with open_gate(str(conf), background=False, default_sqlite=False) as gate:
        ours = served(gate)
        open_ways = {
            ECHO: Way(bare, HttpToolsProtocol, [request], 2),  # uvicorn writes head and body by themselves
            GATE: Way(ours, GateProtocol, [request]),
            LOGGING: Way(ours, GateProtocol, [request]),
            BATCH: Way(ours, GateProtocol, [batch(workload.token, workload.event, workload.event_id).render(1)]),
        }
        try:
            yield open_ways
        finally:
            for way in open_ways.values():
                way.close()


async def count(workload: Workload, conf: Path) -> dict[str, Counts]:
    """What one event, or batch, costs each contestant, once everything is warm."""
    found = {}
    async with ways(workload, conf) as contestants:
        for name, way in contestants.items():
            with redirect_stderr(StringIO()) as log:
                configure_logging("INFO" if name == LOGGING else "WARNING", log)
                await way.send(WARM_UP)
                if b" 202 " not in way.wire.last[:20] and name != ECHO:
                    raise RuntimeError(f"{name} does not take the event")
                found[name] = await counted(lambda way=way: way.send(1), lambda way=way: way.wire.writes)  # type: ignore[misc]
    return found


def measured() -> dict[str, Counts]:
    """`count` in a loop of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, prepared(Path(name)) as workload:
        conf = configure(Path(name) / "conf", workload, {"discard": {}})
        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            return runner.run(count(workload, conf))


def main() -> None:
    logging.captureWarnings(False)
    found = measured()
    if "--json" in sys.argv:
        print(json.dumps({name: asdict(counts) for name, counts in found.items()}))
        return
    print(f"{'':<34}{'bytecodes':>10}{'calls':>8}{'C calls':>9}{'tasks':>7}{'turns':>7}{'timers':>8}{'writes':>8}")
    for name, one in found.items():
        print(
            f"{name:<34}{one.bytecodes:>10,}{one.calls:>8,}{sum(one.c_calls.values()):>9,}"
            f"{one.tasks:>7}{one.turns:>7}{one.timers:>8}{one.writes:>8}"
        )
    if "--where" in sys.argv:
        print("\nbytecodes of the gate's, with the request log on, by file")
        for file, executed in found[LOGGING].files.items():
            print(f"{executed:>8,}  {'/'.join(Path(file).parts[-2:])}")


if __name__ == "__main__":
    main()
