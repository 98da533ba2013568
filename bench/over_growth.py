"""How the gate's cost grows with topics, subjects, bytes and connections."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack

import uvloop

from bench import growing, over_http, servers
from bench.figures import Contestant, Round, Wish, at_most, ratio
from bench.growing import Variant
from bench.hot_path import Way, served
from bench.load import post
from bench.over_http import Entry
from bench.plan import Plan
from bench.workload import TOPIC, configure
from eventgate.app import open_gate
from eventgate.server.protocol import GateProtocol
from eventgate.telemetry.logs import configure_logging

CONNECTIONS = (1, 10, 100, 1000)
LINEAR = 1.5
"""How much more than proportional a cost may look before it counts as more: caches of the processor end somewhere."""


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """In process where no connections are counted; then a server with more and more of them."""
    configure_logging("WARNING")
    variants = growing.variants(plan.folder / "growth", quick=plan.is_quick)
    in_process, seconds = uvloop.run(_in_turns(plan, variants))
    for name, took in seconds.items():
        print(f"{name:<34}opens in {took:.2f} s")
    connected = _connected(plan)
    wishes = _wishes(variants, {one.name: one for one in in_process}, seconds)
    return [*in_process, *connected], [*wishes, _most_over_some(connected)]


async def _in_turns(plan: Plan, variants: Sequence[Variant]) -> tuple[list[Contestant], dict[str, float]]:
    """CPU per request of each variant, and how many seconds its gate took to open."""
    opened: dict[str, float] = {}
    contestants = [Contestant(variant.name) for variant in variants]
    async with AsyncExitStack() as stack:
        ways = []
        for variant in variants:
            begun = time.perf_counter()
            gate = await stack.enter_async_context(open_gate(str(variant.conf), background=False, default_sqlite=False))
            opened[variant.name] = time.perf_counter() - begun
            ways.append(Way(served(gate), GateProtocol, variant.requests))
            await _play(ways[-1], len(variant.requests), variant)
        for _ in range(plan.rounds):
            for contestant, way, variant in zip(contestants, ways, variants, strict=True):
                contestant.rounds.append(
                    await _play(way, max(1, variant.count // (50 if plan.is_quick else 1)), variant)
                )
        for way in ways:
            way.close()
    return contestants, {variant.name: opened[variant.name] for variant in variants if variant.tells_opening}


async def _play(way: Way, count: int, variant: Variant) -> Round:
    begun, used = time.perf_counter(), time.process_time()
    await way.send(count)
    done = Round(count, time.perf_counter() - begun, time.process_time() - used)
    if b" 202 " not in way.wire.last[:20]:
        raise RuntimeError(f"{variant.name}: {way.wire.last[:20]!r}")
    return done


def _connected(plan: Plan) -> list[Contestant]:
    conf = configure(plan.folder / "connected", plan.workload, {"discard": {}})
    template = post(TOPIC, plan.workload.token, plan.workload.event, plan.workload.event_id)
    port = servers.free_ports(1)[0]
    log = plan.folder / "connected.log"
    counts = CONNECTIONS[:2] if plan.is_quick else CONNECTIONS
    with ExitStack() as stack:
        server = stack.enter_context(
            servers.running(servers.gate(conf, port), port, ready="/readyz", log=log, env=servers.QUIET)
        )
        entries = {count: Entry(Contestant(growing.counted(count, "connection")), server, 202) for count in counts}
        for number in range(plan.rounds + 1):
            for count, entry in entries.items():
                done = over_http.play(entry, template, plan, plan.seconds, count)
                if number:
                    entry.contestant.rounds.append(done)
    return [entry.contestant for entry in entries.values()]


def _most_over_some(connected: Sequence[Contestant]) -> Wish:
    """A lone connection wakes the process for each request, so it is no measure."""
    some, most = connected[1], connected[-1]
    return at_most(f"CPU per request, {most.name} over {some.name}", ratio(most, some), LINEAR)


def _wishes(variants: Sequence[Variant], by_name: Mapping[str, Contestant], opened: Mapping[str, float]) -> list[Wish]:
    wishes = []
    for group in dict.fromkeys(variant.group for variant in variants):
        sizes = [variant for variant in variants if variant.group == group]
        last = sizes[-1]
        first = sizes[(len(sizes) - 1) // 2 if last.bytes > sizes[0].bytes else 0]  # small events cost what all cost
        grown = ratio(by_name[last.name], by_name[first.name])
        bound = round(LINEAR * last.bytes / first.bytes, 1)
        wishes.append(at_most(f"CPU per request, {last.name} over {first.name}", grown, bound))
    slowest = max(opened, key=lambda name: opened[name])
    wishes.append(at_most(f"seconds until a gate with {slowest} is open", opened[slowest], 10))
    return wishes
