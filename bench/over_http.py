"""Requests a second and CPU per request of servers that do the same, in turns: A B C, A B C, ..."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench import servers
from bench.compiled import NOT_COMPILED
from bench.figures import Contestant, Round, Wish, at_least, at_most, percentile, ratio
from bench.load import HOST, LoadFailed, Template, post, run
from bench.plan import Plan
from bench.servers import Server
from bench.workload import TOPIC, Workload, configure

ECHO, GATE, GATE_SQLITE = "echo (a)", "gate, discard", "gate, SQLite"
GATE_LOGGING = "gate, discard, request log on"
GATE_SOURCE = "gate, discard, not compiled"
HANDMADE, HANDMADE_SQLITE = "handmade (b), no sink", "handmade (b), SQLite"


@dataclass
class Entry:
    """A running contestant: what it must answer, the number of its next request, and how many events each holds."""

    contestant: Contestant
    server: Server
    expected: int
    next_number: int = 0
    events: int = 1


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Start all, check that they answer rightly, then measure them round by round."""
    workload = plan.workload
    template = post(TOPIC, workload.token, workload.event, workload.event_id)
    with ExitStack() as stack:
        entries = _start(plan, stack)
        for entry in entries:
            if entry.expected == 202:
                check(entry, workload)
            play(entry, template, plan, plan.seconds / 3)
        for _ in range(plan.rounds):
            for entry in entries:
                entry.contestant.rounds.append(play(entry, template, plan, plan.seconds))
    contestants = [entry.contestant for entry in entries]
    return contestants, _wishes({one.name: one for one in contestants})


def _wishes(by_name: Mapping[str, Contestant]) -> list[Wish]:
    return [
        at_least("requests per CPU second, gate over (b)", ratio(by_name[HANDMADE], by_name[GATE]), 7),
        at_most("CPU per request, gate over (a)", ratio(by_name[GATE], by_name[ECHO]), 1.6),
        at_most("CPU per request, gate with its log over (a)", ratio(by_name[GATE_LOGGING], by_name[ECHO]), 2),
    ]


def _start(plan: Plan, stack: ExitStack) -> list[Entry]:
    discard = configure(plan.folder / "discard", plan.workload, {"discard": {}})
    sqlite = configure(plan.folder / "sqlite", plan.workload, {"sqlite": {"path": "events.db"}})
    handmade = {"HANDMADE_CONF": str(discard), "HANDMADE_KEY": str(plan.workload.key_file), "HANDMADE_DB": ""}
    stored = handmade | {"HANDMADE_DB": str(plan.folder / "handmade.db")}

    def start(name: str, command: Sequence[str], port: int, ready: str, expected: int, env: Mapping[str, str]) -> Entry:
        log = plan.folder / f"{port}.log"
        server = stack.enter_context(servers.running(command, port, ready=ready, log=log, env=env))
        return Entry(Contestant(name), server, expected)

    ports = servers.free_ports(7)
    source = [
        start(GATE_SOURCE, servers.gate(discard, ports[6]), ports[6], "/readyz", 202, {**servers.QUIET, **NOT_COMPILED})
        for _ in range(plan.is_compiled)
    ]
    return [
        start(ECHO, servers.uvicorn("bench.echo:app", ports[0]), ports[0], "/", 200, {}),
        start(GATE, servers.gate(discard, ports[1]), ports[1], "/readyz", 202, servers.QUIET),
        start(HANDMADE, servers.uvicorn("bench.handmade:app", ports[2]), ports[2], "/docs", 202, handmade),
        start(GATE_LOGGING, servers.gate(discard, ports[5]), ports[5], "/readyz", 202, {"LOG_LEVEL": "INFO"}),
        start(GATE_SQLITE, servers.gate(sqlite, ports[3]), ports[3], "/readyz", 202, servers.QUIET),
        start(HANDMADE_SQLITE, servers.uvicorn("bench.handmade:app", ports[4]), ports[4], "/docs", 202, stored),
        *source,
    ]


def check(entry: Entry, workload: Workload) -> None:
    """A contestant that takes anything is no contestant: it must refuse a forged token and an invalid event."""
    forged = workload.token[:-8] + ("A" * 8 if not workload.token.endswith("A" * 8) else "B" * 8)
    invalid = workload.event.replace(b'"jobs"', b'"sboj"')
    for token, event, wanted in (
        (forged, workload.event, 401),
        (workload.token, invalid, 400),
        (workload.token, workload.event, 202),
    ):
        got = _status(entry.server.port, token, event)
        if got != wanted:
            raise LoadFailed(f"{entry.contestant.name} answers {got} where it should answer {wanted}")


def _status(port: int, token: str, event: bytes) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", f"/topics/{TOPIC}", event, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def play(entry: Entry, template: Template, plan: Plan, seconds: float, connections: int | None = None) -> Round:
    """One round of load over `connections` (the plan's); event ids go on where the last round ended."""
    before = entry.server.cpu_seconds()
    tally = run(
        entry.server.port,
        template,
        expected=entry.expected,
        connections=connections or plan.connections,
        first=entry.next_number,
        seconds=seconds,
    )
    entry.next_number += tally.requests
    used = entry.server.cpu_seconds() - before
    p50, p99 = (percentile(tally.latencies, share) * 1000 for share in (0.50, 0.99))
    return Round(tally.requests * entry.events, tally.seconds, used, p50, p99)
