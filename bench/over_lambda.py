"""Invocations a second of the Lambda handler, called in its own process, against the handmade gate's."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.compiled import NOT_COMPILED
from bench.figures import Contestant, Wish, at_least
from bench.plan import Plan
from bench.rounds import play, process
from bench.servers import QUIET
from bench.workload import configure

GATE, HANDMADE = "gate's handler, discard", "handmade (b), no HTTP, no sink"


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Both handlers in turns, one round after the other. Packages for Lambda hold the gate as its sources have it."""
    conf = configure(plan.folder / "lambda", plan.workload, {"discard": {}})
    token = plan.folder / "token"
    token.write_text(plan.workload.token)
    handmade = {"HANDMADE_CONF": str(conf), "HANDMADE_KEY": str(plan.workload.key_file), "HANDMADE_DB": ""}
    ours, theirs = Contestant(GATE), Contestant(HANDMADE)
    with ExitStack() as stack:
        handlers = ((ours, "gate", {"CONF_DIR": str(conf), **QUIET, **NOT_COMPILED}), (theirs, "handmade", handmade))
        pairs = [
            (contestant, stack.enter_context(process(_command(name, token), env, plan.folder / f"{name}.handler.log")))
            for contestant, name, env in handlers
        ]
        for _, handler in pairs:
            play(handler, plan.seconds / 3)
        for _ in range(plan.rounds):
            for contestant, handler in pairs:
                contestant.rounds.append(play(handler, plan.seconds / 2))
    return [ours, theirs], [at_least("Lambda handler, requests per CPU second", 1e6 / median(ours.costs), 12_000)]


def _command(name: str, token: Path) -> list[str]:
    return ["bench.inprocess", name, str(token)]
