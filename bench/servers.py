"""The contestants as real processes, and what the kernel says they used (Linux)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.load import HOST

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
QUIET = {"LOG_LEVEL": "WARNING"}
"""The environment of a gate that logs no request that went well: as the others, which have no access log."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SCHEDULED = 2
"""The clock of a process whose id is in the bits above counts nanoseconds; /proc/PID/stat, ticks of 10 ms."""

_usable = sorted(os.sched_getaffinity(0))
CORES = tuple(_usable)
"""All that this process may use."""
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
"""Where the servers and the load run; the same core where there is only one."""


class StartFailed(Exception):
    """A contestant did not come up; the message holds the end of its output."""


@dataclass(frozen=True)
class Server:
    """A running contestant, with all its child processes."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far, of threads that have ended too."""
        return sum(_cpu_seconds(pid) for pid in self._processes())

    def resident_bytes(self) -> int:
        """Memory of all its processes that is in RAM now; pages that they share count once for each."""
        return sum(_resident_bytes(pid) for pid in self._processes())

    def proportional_bytes(self) -> int:
        """Memory of all its processes that is in RAM now; pages that several share count once for all."""
        return sum(_proportional_bytes(pid) for pid in self._processes())

    def _processes(self) -> list[int]:
        found = [self.pid]
        for pid in found:
            found += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found


def _cpu_seconds(pid: int) -> float:
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def gate(conf: Path, port: int, workers: int = 1) -> list[str]:
    """The command that serves `conf` with our gate."""
    command = Path(sys.executable).with_name("eventgate")
    options = ["--conf", str(conf), "--host", HOST, "--port", str(port), "--workers", str(workers)]
    return [str(command), "serve", *options]


def uvicorn(app: str, port: int) -> list[str]:
    """The command that serves `app`, a module of this folder, with the server that our gate uses, set as fast."""
    options = "--loop uvloop --http httptools --lifespan off --no-access-log --log-level warning"
    command = [sys.executable, "-m", "uvicorn", app, "--app-dir", str(ROOT), "--host", HOST, "--port", str(port)]
    return command + options.split()


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    ready: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    cores: Collection[int] | None = None,
) -> Iterator[Server]:
    """Start `command` and wait until GET `ready` answers below 500; stop it at the end.

    It runs on `cores`, else on the servers' core.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
    os.sched_setaffinity(process.pid, cores or {SERVER_CORE})
    try:
        _wait(process, port, ready, log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if _answers(port, path):
            return
        time.sleep(0.05)
    raise StartFailed(log.read_text(errors="replace")[-2000:])


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
