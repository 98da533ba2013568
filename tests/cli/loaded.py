"""The command in a process that has loaded it: each run is a process of its own that costs a fork, not the imports.

Run as a program, this file is that process. It takes requests on a socket, one after the other: a line of JSON
with the arguments, the directory and the environment, and with it the descriptors of the run's standard streams. It
tells the run's process id, and how it ended.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

PATIENCE_SECONDS = 60
USED = ("app", "cli", "client", "config", "spool", "writers")
_LONGEST = 1 << 20


class LoadedCommand:
    """Runs `eventgate`; ends with its socket."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            program = [sys.executable, "-P", __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(program, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        self._socket.settimeout(PATIENCE_SECONDS)
        self._said = self._socket.makefile("rb")

    def run(self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[BinaryIO]) -> int:
        """Run one command line to its end with these standard streams; its exit code, negative for a signal."""
        request = json.dumps([list(arguments), str(cwd), dict(env)]).encode() + b"\n"
        socket.send_fds(self._socket, [request[:1]], [stream.fileno() for stream in streams])
        self._socket.sendall(request[1:])
        process = int(self._said.readline())
        try:
            return int(self._said.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise AssertionError(f"eventgate {' '.join(arguments)} did not end") from None

    def close(self) -> None:
        """Let it end."""
        self._said.close()
        self._socket.close()
        self._process.wait()


@functools.cache
def loaded_command() -> LoadedCommand:
    """The one of this process, which ends with it."""
    command = LoadedCommand()
    atexit.register(command.close)
    return command


def serve(control: socket.socket) -> None:
    """Fork for each request. In the new process this returns once the command is to run."""
    while (received := socket.recv_fds(control, 1, 3))[0]:
        request, streams = received[0], received[1]
        while not request.endswith(b"\n"):
            request += control.recv(_LONGEST)
        process = os.fork()
        if process == 0:
            arguments, cwd, env = json.loads(request)
            _become(arguments, cwd, env, streams)
            control.close()
            return
        for stream in streams:
            os.close(stream)
        control.sendall(b"%d\n" % process)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        control.sendall(b"%d\n" % code)
    os._exit(0)


def _become(arguments: list[str], cwd: str, env: dict[str, str], streams: list[int]) -> None:
    """Be a process that was started that way."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["eventgate", *arguments]


def _load() -> None:
    """Import what commands use."""
    for name in USED:
        package = importlib.import_module(f"eventgate.{name}")
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
            importlib.import_module(module.name)


if __name__ == "__main__":
    _load()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as _control:
        serve(_control)
    from eventgate.cli import main

    main()
