"""Two worker processes against one: what they share must not cost anything, and where there are cores they add up."""

from __future__ import annotations

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


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Both in turns; on two cores the workers share one, and only their cost can be compared."""
    conf = configure(plan.folder / "workers", plan.workload, {"discard": {}})
    template = post(TOPIC, plan.workload.token, plan.workload.event, plan.workload.event_id)
    has_cores = len(servers.CORES) >= ENOUGH_CORES
    with ExitStack() as stack:
        entries = []
        for workers, port in zip((1, 2), servers.free_ports(2), strict=True):
            running = servers.running(
                servers.gate(conf, port, workers=workers),
                port,
                ready="/readyz",
                log=plan.folder / f"{workers}-workers.log",
                env=servers.QUIET,
                cores=servers.CORES[:-1] if has_cores else None,
            )
            name = f"{workers} worker{'s' * (workers > 1)}"
            entries.append(Entry(Contestant(name), stack.enter_context(running), 202))
        for number in range(plan.rounds + 1):
            for entry in entries:
                done = over_http.play(entry, template, plan, plan.seconds, CONNECTIONS)
                if number:
                    entry.contestant.rounds.append(done)
    one, two = (entry.contestant for entry in entries)
    wishes = [at_most("CPU per request, two workers over one", ratio(two, one), 1.1)]
    if has_cores:
        rate = median(b / a for a, b in zip(one.rates, two.rates, strict=True))
        wishes.append(at_least("rate, two workers over one", rate, 1.8))
    return [one, two], wishes
