"""A worker's end of the line on which it is asked for its counts."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time

from eventgate.app import Gate
from eventgate.telemetry.meters import Meters
from eventgate.telemetry.snapshots import Snapshot

log = logging.getLogger("eventgate.metrics")


async def report(line: socket.socket, meters: Meters, gate: Gate) -> None:
    """Answer each question on `line`, a number, with a snapshot; until cancelled or nobody can ask any more.

    Of questions that have piled up the last is answered: nobody waits for the others. One may be left from the time
    of a predecessor on the same line.
    """
    process = f"{os.getpid()}-{time.monotonic_ns()}"
    loop = asyncio.get_running_loop()
    while asked := await loop.sock_recv(line, 4096):
        try:
            number = int(asked.split()[-1])
            condition = await gate.condition()
            await loop.sock_sendall(line, Snapshot.of(number, process, meters.series(condition)).line())
        except Exception:
            log.exception("the counts could not be told")
