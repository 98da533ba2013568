"""How long an event takes into Kafka at half of what the gate can do, beside Kafka's own acknowledgement."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from bench import over_http, paced, rounds
from bench.figures import Contestant, Round, Wish, at_most, percentile
from bench.load import Template, post
from bench.over_http import Entry
from bench.over_sinks import CONNECTIONS, gate_name, start_gates, start_sinks
from bench.plan import Plan
from bench.workload import TOPIC

KAFKA = "kafka"
FIRST = 2 * 10**9
"""Number of the first event: none that the other measurements posted."""
SHARE = 0.5
"""Of the rate that the gate into Kafka reached just before."""
TIMES = 3.0
"""How many times Kafka's own p99 the gate's may be."""


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """In each round: how fast the gate is, then gates and client in turns at half that rate."""
    workload = plan.workload
    template = post(TOPIC, workload.token, workload.event, workload.event_id)
    sinks = [sink for sink in start_sinks(plan) if sink.name == KAFKA]
    reached, own = Contestant(gate_name(KAFKA)), Contestant("its own client, kafka, half the rate")
    gates = start_gates(plan, sinks)
    halves = [Entry(Contestant(f"{one.contestant.name}, half the rate"), one.server, 202, FIRST) for one in gates]
    full = Entry(reached, gates[-1].server, 202)
    lateness: list[float] = []
    with ExitStack() as stack:
        command = ["bench.acknowledgements", sinks[0].target]
        client = stack.enter_context(rounds.process(command, {}, plan.folder / "acknowledgements.log"))
        for number in range(plan.rounds + 1):
            full.next_number = halves[-1].next_number
            done = over_http.play(full, template, plan, plan.seconds, CONNECTIONS)
            halves[-1].next_number = full.next_number
            rate = done.rate * SHARE
            time.sleep(plan.seconds / 3)  # for the broker to write down what it was given at full load
            played = [_play(entry, template, plan.seconds, rate, lateness) for entry in halves]
            acknowledged = rounds.play(client, plan.seconds, rate)
            if number:  # the first is thrown away
                reached.rounds.append(done)
                own.rounds.append(acknowledged)
                for entry, half in zip(halves, played, strict=True):
                    entry.contestant.rounds.append(half)
    late = percentile(sorted(lateness), 0.99) * 1000
    print(f"requests were sent up to {late:.1f} ms late (p99), which counts as the gate's")
    gate = halves[-1].contestant
    return [reached, *(entry.contestant for entry in halves), own], [wish(gate.rounds, own.rounds)]


def _play(entry: Entry, template: Template, seconds: float, rate: float, lateness: list[float]) -> Round:
    before = entry.server.cpu_seconds()
    tally = paced.run(
        entry.server.port,
        template,
        expected=entry.expected,
        connections=CONNECTIONS,
        rate=rate,
        seconds=seconds,
        first=entry.next_number,
    )
    entry.next_number += tally.requests
    lateness.extend(tally.lateness)
    used = entry.server.cpu_seconds() - before
    p50, p99 = (percentile(tally.latencies, share) * 1000 for share in (0.50, 0.99))
    return Round(tally.requests, tally.seconds, used, p50, p99)


def wish(gate: Sequence[Round], own: Sequence[Round]) -> Wish:
    """That the gate's tail is within bounds, by the median of the rounds' ratios."""
    times = median(a.p99_ms / b.p99_ms for a, b in zip(gate, own, strict=True))
    return at_most("p99 into kafka at half load over its own acknowledgement's", times, TIMES)
