"""A real service as a child process: started, paused, resumed, stopped and killed at a test's will."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.unmeasured import unmeasured

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.02
LOWEST_PORT, HIGHEST_PORT = 15000, 30000
"""Below the ports that systems give to outgoing connections: one found free stays free for a restart."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServiceUnavailable(Exception):
    """A service that tests need cannot run here; the message is one line that says what is missing."""


def free_port() -> int:
    """A TCP port that nothing listens on."""
    while True:
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)  # noqa: S311  no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port


def listens(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def cache_folder() -> Path:
    """Where downloads are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eventgate"


class Child:
    """One service: a command, the folder of its data and log, and what tells that it is ready.

    `ready` is asked until it is true; it must not block for long. `stop_signal` asks the service to end in good order.
    `account` is who runs it, if not we. A pause stops the command and all processes below it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        ready: Callable[[], bool],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        account: pwd.struct_passwd | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [str(part) for part in command]
        self._folder = folder
        self._ready = ready
        self._stop_signal = stop_signal
        self._account = account
        self._env = {**unmeasured(), **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._paused: list[int] = []

    @property
    def running(self) -> bool:
        """Whether the process is there, paused or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id; 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def code(self) -> int:
        """How it ended last: its exit code, negative for a signal; 0 before its first end."""
        return (self._process and self._process.poll()) or 0

    def start(self) -> None:
        """Start it unless it runs, and wait until it is ready; raises `ServiceUnavailable` with the end of its log."""
        if not self.running:
            with self.log.open("ab") as log:
                self._process = self._spawn(log.fileno())
        self.await_ready()

    def await_ready(self) -> None:
        """Wait until it serves."""
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > end:
                tail = self.log.read_text(errors="replace")[-2000:]
                self.kill()
                raise ServiceUnavailable(f"{self.name} did not start: {tail or 'its log is empty'}")
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """End it in good order; kills it after STOP_SECONDS."""
        self.resume()
        if self._process is None:
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL), with all processes below it."""
        if self._process is None:
            return
        below = descendants(self._process.pid)
        for pid in [self._process.pid, *below]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._paused = []
        end = time.monotonic() + STOP_SECONDS
        while _any_alive(below) and time.monotonic() < end:  # what they hold is free only then
            time.sleep(LOOK_SECONDS)

    def pause(self) -> None:
        """Freeze it (SIGSTOP): its connections stay open and say nothing."""
        if not self.running or self._process is None:
            return
        self._paused = [self._process.pid, *descendants(self._process.pid)]
        for pid in self._paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        for pid in self._paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._paused = []

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        account = self._account
        return subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_end_with_parent if _may_bind_to_parent() else None,
        )


def descendants(pid: int) -> list[int]:
    """All processes below `pid`."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for line in listing.splitlines():
        child, parent = (int(part) for part in line.split())
        children.setdefault(parent, []).append(child)
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _any_alive(pids: Sequence[int]) -> bool:
    """Whether one of them still runs; one that only waits to be counted by its parent does not."""
    which = ",".join(str(pid) for pid in pids)
    states = subprocess.run(
        ["ps", "-o", "stat=", "-p", which or "0"], capture_output=True, text=True, check=False
    ).stdout
    return any(not state.startswith("Z") for state in states.split())


def run_quietly(command: Sequence[str | Path], account: pwd.struct_passwd | None = None) -> None:
    """Run a preparing command to its end; raises `ServiceUnavailable` with what it wrote if it failed."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
        env=unmeasured(),
        stdin=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-1000:]
        raise ServiceUnavailable(f"{Path(command[0]).name} failed: {said}")


def _may_bind_to_parent() -> bool:
    """The kernel ties a child to the thread that made it: only the main thread lasts as long as we do."""
    return _LIBC is not None and threading.current_thread() is threading.main_thread()


def _end_with_parent() -> None:
    """Ask the kernel to end this child with its parent, however that ends (prctl(2), PR_SET_PDEATHSIG)."""
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
