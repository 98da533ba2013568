"""The gate into each real sink, end to end, beside what the sink takes from its own client in the same run."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import over_http, rounds, servers
from bench.figures import Contestant, Wish, at_least
from bench.load import post
from bench.over_http import Entry
from bench.plan import Plan
from bench.workload import TOPIC, configure
from tests.services.aws import ACCOUNT, REGION, Aws, aws
from tests.services.broker import Broker, broker
from tests.services.database import Database, database

CONNECTIONS = 64
BUS = "bench"
DISCARD = "discard"
_Ceiling = tuple[Contestant, "subprocess.Popen[str]"]


@dataclass(frozen=True)
class Sink:
    """A sink: the gate's settings for it, and the address that its own client is given."""

    name: str
    settings: Mapping[str, Any]
    target: str
    env: Mapping[str, str]


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Gates and clients in turns, round by round, with 64 events under way each."""
    workload = plan.workload
    template = post(TOPIC, workload.token, workload.event, workload.event_id)
    with ExitStack() as stack:
        sinks = _sinks(stack, plan.folder)
        entries = _gates(stack, plan, sinks)
        ceilings = [_ceiling(stack, sink, plan.folder) for sink in sinks]
        for entry in entries:
            over_http.check(entry, workload)
            over_http.play(entry, template, plan, plan.seconds / 3, CONNECTIONS)
        for _, client in ceilings:
            rounds.play(client, plan.seconds / 3)
        for _ in range(plan.rounds):
            for entry in entries:
                entry.contestant.rounds.append(over_http.play(entry, template, plan, plan.seconds, CONNECTIONS))
            for contestant, client in ceilings:
                contestant.rounds.append(rounds.play(client, plan.seconds))
    gates = [entry.contestant for entry in entries]
    clients = [contestant for contestant, _ in ceilings]
    return [*gates, *clients], _wishes({one.name: one for one in gates})


def _wishes(gates: Mapping[str, Contestant]) -> list[Wish]:
    def share(name: str) -> float:
        return median(a / b for a, b in zip(gates[_gate(name)].rates, gates[_gate(DISCARD)].rates, strict=True))

    wanted = (("sqlite", 0.7), ("postgres", 0.7), ("kafka", 0.6))
    return [at_least(f"rate into {name} over rate into no sink", share(name), least) for name, least in wanted]


def _gate(name: str) -> str:
    return f"gate, {name}"


def _sinks(stack: ExitStack, folder: Path) -> list[Sink]:
    kafka: Broker = stack.enter_context(broker())
    postgres: Database = stack.enter_context(database())
    cloud: Aws = stack.enter_context(aws())
    kafka.create_topic(TOPIC)
    cloud.client("events").create_event_bus(Name=BUS)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{BUS}"
    dsn = postgres.dsn(postgres.create_database())
    return [
        Sink("sqlite", {"path": "events.db"}, str(folder / "ceiling.db"), {}),
        Sink("postgres", {"dsn": dsn, "create_tables": True}, dsn, {}),
        Sink("kafka", {"bootstrap_servers": kafka.bootstrap}, kafka.bootstrap, {}),
        Sink(
            "eventbridge",
            {"event_bus_arn": arn, "endpoint_url": cloud.endpoint_url},
            f"{BUS},{cloud.endpoint_url}",
            cloud.env,
        ),
    ]


def _gates(stack: ExitStack, plan: Plan, sinks: Sequence[Sink]) -> list[Entry]:
    wanted = [Sink(DISCARD, {}, "", {}), *sinks]
    entries = []
    for sink, port in zip(wanted, servers.free_ports(len(wanted)), strict=True):
        conf = configure(plan.folder / f"into-{sink.name}", plan.workload, {sink.name: dict(sink.settings)})
        running = servers.running(
            servers.gate(conf, port),
            port,
            ready="/readyz",
            log=plan.folder / f"{sink.name}.log",
            env={**servers.QUIET, **sink.env},
        )
        entries.append(Entry(Contestant(_gate(sink.name)), stack.enter_context(running), 202))
    return entries


def _ceiling(stack: ExitStack, sink: Sink, folder: Path) -> _Ceiling:
    command = ["bench.ceilings", sink.name, sink.target, str(CONNECTIONS)]
    client = stack.enter_context(rounds.process(command, sink.env, folder / f"{sink.name}.client.log"))
    return Contestant(f"its own client, {sink.name}"), client
