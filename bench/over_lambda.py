"""Invocations a second of the Lambda handler, called in its own process, against the handmade gate's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bench.figures import Contestant, Round, Wish, at_least
from bench.load import LoadFailed
from bench.plan import Plan
from bench.servers import QUIET, ROOT, SERVER_CORE, StartFailed
from bench.workload import configure

GATE, HANDMADE = "gate's handler, discard", "handmade (b), no HTTP, no sink"


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Both handlers in turns, one round after the other."""
    conf = configure(plan.folder / "lambda", plan.workload, {"discard": {}})
    token = plan.folder / "token"
    token.write_text(plan.workload.token)
    handmade = {"HANDMADE_CONF": str(conf), "HANDMADE_KEY": str(plan.workload.key_file), "HANDMADE_DB": ""}
    ours, theirs = Contestant(GATE), Contestant(HANDMADE)
    with ExitStack() as stack:
        pairs = [
            (ours, stack.enter_context(_process("gate", token, {"CONF_DIR": str(conf), **QUIET}, plan.folder))),
            (theirs, stack.enter_context(_process("handmade", token, handmade, plan.folder))),
        ]
        for _, process in pairs:
            _round(process, plan.seconds / 3)
        for _ in range(plan.rounds):
            for contestant, process in pairs:
                contestant.rounds.append(_round(process, plan.seconds / 2))
    return [ours, theirs], [at_least("Lambda handler, requests per CPU second", 1e6 / median(ours.costs), 8_000)]


@contextmanager
def _process(name: str, token: Path, env: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.inprocess", name, str(token)]
    with (folder / f"{name}.handler.log").open("wb") as log:
        process = subprocess.Popen(
            command,
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


def _round(process: subprocess.Popen[str], seconds: float) -> Round:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line.startswith("{"):
        raise StartFailed("a handler ended, or wrote to its standard output")
    answer = json.loads(line)
    if set(answer["statuses"]) != {"202"}:
        raise LoadFailed(f"a handler answered {answer['statuses']}")
    return Round(answer["statuses"]["202"], answer["seconds"], answer["cpu_seconds"])
