"""Whether the gate's memory stays flat under many requests, each with an event id of its own."""

from __future__ import annotations

from bench import servers
from bench.figures import Contestant, Round, Wish, at_most
from bench.load import post, run
from bench.plan import Plan
from bench.workload import TOPIC, configure

SAMPLES = 10
MEBIBYTE = 1024 * 1024
FLAT_PERCENT = 5.0
"""Growth up to this after the warm-up counts as flat: some two bytes a request over a million."""


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Warm the gate up with a tenth of the requests, then watch its memory over all of them."""
    conf = configure(plan.folder / "memory", plan.workload, {"discard": {}})
    template = post(TOPIC, plan.workload.token, plan.workload.event, plan.workload.event_id)
    port = servers.free_ports(1)[0]
    contestant = Contestant("gate, discard")
    log = plan.folder / "memory.log"
    step = plan.memory_requests // SAMPLES
    with servers.running(servers.gate(conf, port), port, ready="/readyz", log=log, env=servers.QUIET) as server:
        sizes = []
        for number in range(SAMPLES + 1):
            used = server.cpu_seconds()
            tally = run(port, template, expected=202, connections=plan.connections, first=number * step, count=step)
            contestant.rounds.append(Round(tally.requests, tally.seconds, server.cpu_seconds() - used))
            sizes.append(server.resident_bytes() / MEBIBYTE)
    print("resident MiB after each tenth: " + " ".join(f"{size:.1f}" for size in sizes))
    growth = (max(sizes[1:]) / sizes[0] - 1) * 100
    return [contestant], [at_most(f"percent of memory grown over {step * SAMPLES:,} requests", growth, FLAT_PERCENT)]
