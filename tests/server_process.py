"""A server as its users start it: a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ADDRESS = re.compile(r"listening on (https?)://(\S+):(\d+) \((\d+) workers?\)")
PATIENCE_SECONDS = 60.0
PROGRAM = "import sys; from eventgate.server import serve; sys.exit(serve(sys.argv[1], **eval(sys.argv[2])))"


class ServerProcess:
    """Runs until the block is left; the log is collected in `log`.

    `options` are keyword arguments of `eventgate.server.serve`; the port is a free one unless given. A log that nobody
    reads has to fit into a pipe: `log_level` among them says from which level on it is written.
    """

    def __init__(self, conf: Path, **options: object) -> None:
        environment = {**os.environ, "LOG_LEVEL": str(options.pop("log_level", "INFO"))}
        program = [sys.executable, "-c", PROGRAM, str(conf), repr({"port": 0, **options})]
        self.process = subprocess.Popen(
            program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
            env=environment,
        )
        self.log = ""
        self.host = ""
        self.port = 0
        self.announced = ""
        self.told = ""

    def __enter__(self) -> Self:
        """Wait until it serves."""
        line = ""
        while "\n" not in line and (more := self._read(self.process.stdout, "an address")):
            line += more
        address = ADDRESS.search(line)
        if address is None:
            self.process.kill()
            self.finish()
            raise AssertionError(f"no address announced, but {line!r}; log: {self.log}")
        self.told = line
        self.announced, self.host, self.port = line.strip(), address[2], int(address[3])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, whatever became of it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.finish()
            except AssertionError:
                self.process.kill()
                self.finish()
                raise
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def finish(self) -> int:
        """Wait for the end and return the exit code; what is left of the log is read."""
        try:
            _, log = self.process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end; log: {self.log}") from None
        self.log += log.decode()
        return self.process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the parent process."""
        self.process.send_signal(number)

    def await_log(self, pattern: str, count: int = 1) -> list[str]:
        """Read the log until `pattern` was found `count` times; returns the first group of each."""
        while len(found := re.findall(pattern, self.log)) < count:
            more = self._read(self.process.stderr, repr(pattern))
            assert more, f"the log ended without {pattern!r}: {self.log}"
            self.log += more
        return found

    def worker_pids(self) -> list[int]:
        """The workers that have said that they serve, in the order in which they did."""
        return [int(pid) for pid in re.findall(r"worker (\d+) serves", self.log)]

    def _read(self, stream: IO[bytes] | None, wanted: str) -> str:
        """What comes next; empty at the end."""
        assert stream is not None
        if not select.select([stream], [], [], PATIENCE_SECONDS)[0]:
            raise AssertionError(f"nothing was written while waiting for {wanted}; log: {self.log}")
        return os.read(stream.fileno(), 65536).decode()
