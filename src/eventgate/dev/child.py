"""The issuer as a process of its own: the server forks its workers, and so must have no thread beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from eventgate.dev.console import Console
from eventgate.dev.feed import Feed, feed_line
from eventgate.dev.issuer import Issuer
from eventgate.dev.keys import load_key
from eventgate.errors import EventGateError


class IssuerProcess:
    """A running issuer. `feed` takes what the console is to be told of the gate's requests."""

    def __init__(self, url: str, feed: Feed, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.feed = feed
        self._process = process

    def introduce(self, gate: str) -> None:
        """Tell the console the gate's address; from then on it can send sample traffic."""
        assert self._process.stdin is not None  # noqa: S101  # as asked for
        with suppress(OSError):
            self._process.stdin.write(gate.encode("ascii") + b"\n")
            self._process.stdin.flush()


@contextmanager
def running_issuer(directory: Path, port: int) -> Iterator[IssuerProcess]:
    """A token issuer for the key in `directory`, with the console, ended on leaving, or when this process dies.

    Takes a free port where `port` is in use. Raises `EventGateError` where the issuer does not start.
    """
    ours, theirs = feed_line()
    with ours, theirs:
        number = theirs.fileno()
        command = [sys.executable, "-m", "eventgate.dev.child", str(directory), str(port), str(number)]
        with subprocess.Popen(  # noqa: S603  # ourselves
            command, pass_fds=[number], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            try:
                theirs.close()
                assert process.stdout is not None  # noqa: S101  # as asked for
                url = process.stdout.readline().decode("ascii").strip()
                if not url:
                    raise EventGateError("the token issuer does not start")
                yield IssuerProcess(url, Feed(ours), process)
            finally:
                process.terminate()


def main() -> None:
    """Serve until standard input ends: it does when the parent does, however that comes about."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; tokens are good until it has stopped
    directory = Path(sys.argv[1])
    key = load_key(directory)
    console = Console(directory, key)
    try:
        issuer = Issuer(key, int(sys.argv[2]), console=console)
    except OSError:
        issuer = Issuer(key, 0, console=console)
    line = socket.socket(fileno=int(sys.argv[3]))
    Thread(target=console.arrivals.listen, args=(line,), daemon=True).start()
    sys.stdout.write(issuer.url + "\n")
    sys.stdout.flush()
    for told in sys.stdin.buffer:
        console.gate = told.decode("ascii").strip()
    os._exit(0)


if __name__ == "__main__":
    main()
