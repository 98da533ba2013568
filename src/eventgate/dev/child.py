"""The issuer as a process of its own: the server forks its workers, and so must have no thread beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventgate.dev.issuer import Issuer
from eventgate.dev.keys import load_key
from eventgate.errors import EventGateError


@contextmanager
def running_issuer(directory: Path, port: int) -> Iterator[str]:
    """A token issuer for the key in `directory`, ended on leaving, or when this process dies; yields its address.

    Takes a free port where `port` is in use. Raises `EventGateError` where the issuer does not start.
    """
    command = [sys.executable, "-m", "eventgate.dev.child", str(directory), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603  # ourselves
        try:
            assert process.stdout is not None  # noqa: S101  # as asked for
            url = process.stdout.readline().decode("ascii").strip()
            if not url:
                raise EventGateError("the token issuer does not start")
            yield url
        finally:
            process.terminate()


def main() -> None:
    """Serve until standard input ends: it does when the parent does, however that comes about."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; tokens are good until it has stopped
    key = load_key(Path(sys.argv[1]))
    try:
        issuer = Issuer(key, int(sys.argv[2]))
    except OSError:
        issuer = Issuer(key, 0)
    sys.stdout.write(issuer.url + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
