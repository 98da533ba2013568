"""Two worker processes against one: what they share must not cost anything, and where there are cores they add up."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median

from bench import over_http, servers
from bench.figures import Contestant, Wish, at_least, at_most, ratio
from bench.load import post
from bench.over_http import Entry
from bench.plan import Plan
from bench.workload import TOPIC, configure

CONNECTIONS = 64
ENOUGH_CORES = 3
"""For two workers and the load."""
TIMES = 1.8
"""How many times the rate of one worker two are to have."""


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Both in turns, on all cores but the load's; where there are only two, on both, beside the load."""
    conf = configure(plan.folder / "workers", plan.workload, {"discard": {}})
    template = post(TOPIC, plan.workload.token, plan.workload.event, plan.workload.event_id)
    has_cores = len(servers.CORES) >= ENOUGH_CORES
    left: list[float] = []
    with ExitStack() as stack:
        entries = []
        for workers, port in zip((1, 2), servers.free_ports(2), strict=True):
            running = servers.running(
                servers.gate(conf, port, workers=workers),
                port,
                ready="/readyz",
                log=plan.folder / f"{workers}-workers.log",
                env=servers.QUIET,
                cores=servers.CORES[:-1] if has_cores else servers.CORES,
            )
            name = f"{workers} worker{'s' * (workers > 1)}"
            entries.append(Entry(Contestant(name), stack.enter_context(running), 202))
        for number in range(plan.rounds + 1):
            for entry in entries:
                used = time.process_time()
                done = over_http.play(entry, template, plan, plan.seconds, CONNECTIONS)
                used = time.process_time() - used
                if number:
                    entry.contestant.rounds.append(done)
                    left.append(2.0 if has_cores else 2.0 - used / done.seconds)
    one, two = (entry.contestant for entry in entries)
    wishes = [at_most("CPU per request, two workers over one", ratio(two, one), 1.1)]
    if len(servers.CORES) > 1:
        wishes.append(at_least(_RATE if has_cores else f"{_RATE} (cores left)", scaling(one, two, left[1::2]), TIMES))
    return [one, two], wishes


_RATE = "rate, two workers over one"


def scaling(one: Contestant, two: Contestant, cores: list[float]) -> float:
    """How many times the rate of one worker two would have with two cores, given how many each round left to them.

    One worker keeps one core busy whatever the load does on another. Two want two: where the load takes 0.4 of them,
    1.6 are left, and 1.6 times the rate of one is all that two can do.
    """
    rates = zip(one.rates, two.rates, cores, strict=True)
    return median(double / single * 2 / left for single, double, left in rates)
