"""Contestants that are called in a process of their own, without HTTP: a line of seconds in, a line of figures out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Round
from bench.load import LoadFailed
from bench.servers import ROOT, SERVER_CORE, StartFailed


@contextmanager
def process(command: Sequence[str], env: Mapping[str, str], log_file: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a module of the bench with its arguments on the servers' core."""
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    with process:
        try:
            yield process
        finally:
            assert process.stdin
            process.stdin.close()


def play(process: subprocess.Popen[str], *figures: float) -> Round:
    """One round of `process`, told the seconds and what else it takes; raises `LoadFailed` unless all were 202."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(" ".join(map(str, figures)) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line.startswith("{"):
        raise StartFailed("a contestant ended, or wrote to its standard output")
    answer = json.loads(line)
    if set(answer["statuses"]) != {"202"}:
        raise LoadFailed(f"a contestant answered {answer['statuses']}")
    p50, p99 = answer.get("p50_ms", 0.0), answer.get("p99_ms", 0.0)
    return Round(answer["statuses"]["202"], answer["seconds"], answer["cpu_seconds"], p50, p99)
