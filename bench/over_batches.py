"""Batches of NDJSON into each sink, beside what the sink takes from its own client in the same run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median

from bench.batches import EVENTS, batch
from bench.figures import Contestant, Wish, at_least
from bench.over_sinks import DISCARD, client_name, gate_name, play_in_turns, start_ceiling, start_gates, start_sinks
from bench.plan import Plan

CONNECTIONS = 2
"""Batches under way at once: as many as the gate's default `max_in_flight` lets in."""
FIRST = 10**9
"""Number of the first batch: its events are none that were posted one by one into the same sink."""
UNDER_WAY = {"sqlite": EVENTS, "postgres": 5 * EVENTS, "kafka": CONNECTIONS * EVENTS}
"""Events that the sinks' own clients have under way: groups of 500, on each connection where there are several."""
WANTED = {"kafka": 60_000, "postgres": 25_000}
SHARE = 0.6
"""Of what the sink's own client does, if that is less."""


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Gates and clients in turns, round by round; what is counted are events."""
    workload = plan.workload
    template = batch(workload.token, workload.event, workload.event_id)
    with ExitStack() as stack:
        sinks = [sink for sink in start_sinks(plan) if sink.name in UNDER_WAY]
        entries = start_gates(plan, sinks)
        ceilings = [start_ceiling(stack, sink, plan.folder, UNDER_WAY[sink.name]) for sink in sinks]
        for entry in entries:
            entry.events, entry.next_number = EVENTS, FIRST
        play_in_turns(plan, template, CONNECTIONS, entries, ceilings)
    contestants = [entry.contestant for entry in entries] + [contestant for contestant, _ in ceilings]
    return contestants, _wishes({one.name: one for one in contestants})


def _wishes(by_name: Mapping[str, Contestant]) -> list[Wish]:
    def rate(name: str) -> float:
        return median(by_name[name].rates)

    wishes = [at_least("events a second in batches, no sink", rate(gate_name(DISCARD)), 100_000)]
    for sink, bound in WANTED.items():
        least = min(bound, SHARE * rate(client_name(sink)))
        wishes.append(at_least(f"events a second in batches, into {sink}", rate(gate_name(sink)), round(least)))
    return wishes
