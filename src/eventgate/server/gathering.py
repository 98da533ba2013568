"""Gathering the counts of all workers, of which any may be slow, dead or young."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence

from eventgate.telemetry import families
from eventgate.telemetry.families import Series, lasting, merged
from eventgate.telemetry.snapshots import Snapshot, read

PATIENCE_SECONDS = 2.0
"""How long the workers' answers are waited for. Prometheus waits 10 s for all of the page."""


class Channel:
    """The line to one worker's place. Workers come and go; what they counted stays."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._number = time.monotonic_ns()  # no answer to a predecessor of this process is taken for one to it
        self._received = b""
        self._latest: Snapshot | None = None
        self._former: Series = {}

    async def ask(self, until: float) -> bool:
        """Get the counts of now; whether they came by `until` (`loop.time()`)."""
        self._number += 1
        try:
            self._line.send(b"%d\n" % self._number)
            async with asyncio.timeout_at(until):
                self._take(await self._answer())
        except (TimeoutError, OSError):  # the line is full of questions, or nobody answers them
            return False
        return True

    def counts(self) -> Series:
        """All that was ever counted in this place, as far as it is known."""
        latest = {} if self._latest is None else lasting(self._latest.series)
        return merged(self._former, latest)

    def gauges(self) -> Series:
        """How the worker was when it answered last."""
        if self._latest is None:
            return {}
        series, kept = self._latest.series, lasting(self._latest.series)
        return {name: rows for name, rows in series.items() if name not in kept}

    async def _answer(self) -> Snapshot:
        loop = asyncio.get_running_loop()
        while True:
            while b"\n" in self._received:
                text, _, self._received = self._received.partition(b"\n")
                snapshot = read(text)
                if snapshot is not None and snapshot.number == self._number:
                    return snapshot
            part = await loop.sock_recv(self._line, 65536)
            if not part:
                raise OSError("the line is closed")
            self._received += part

    def _take(self, snapshot: Snapshot) -> None:
        if self._latest is not None and self._latest.process != snapshot.process:
            self._former = merged(self._former, lasting(self._latest.series))
        self._latest = snapshot


class Gathering:
    """All workers' counts as one."""

    def __init__(self, lines: Sequence[socket.socket]) -> None:
        self._channels = [Channel(line) for line in lines]
        self._turn = asyncio.Lock()

    async def series(self) -> Series:
        """The counts and gauges of now. Those of a worker that does not answer in time are left out; see `SILENT`."""
        async with self._turn:
            until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
            answered = await asyncio.gather(*(channel.ask(until) for channel in self._channels))
            parts = [channel.counts() for channel in self._channels]
            parts += [channel.gauges() for channel, there in zip(self._channels, answered, strict=True) if there]
            server: Series = {
                families.WORKERS.name: {(): len(answered)},
                families.SILENT.name: {(): answered.count(False)},
            }
            return merged(*parts, server)
