"""The gate into each real sink, end to end, beside what the sink takes from its own client in the same run."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import over_http, rounds, servers
from bench.figures import Contestant, Wish, at_least, at_most
from bench.load import Template, post, run
from bench.over_http import Entry
from bench.over_memory import MEBIBYTE
from bench.plan import Plan, Sink
from bench.servers import Server
from bench.workload import TOPIC, configure
from tests.services.aws import ACCOUNT, REGION, Aws, aws
from tests.services.broker import Broker, broker
from tests.services.database import Database, database

CONNECTIONS = 64
BUS = "bench"
FIRST_FOR_ALL = 10**8
"""Number of the first event that goes to all sinks: none of them has it yet."""
DISCARD = "discard"
Ceiling = tuple[Contestant, "subprocess.Popen[str]"]


def measure(plan: Plan) -> tuple[list[Contestant], list[Wish]]:
    """Gates and clients in turns, round by round, with 64 events under way each."""
    workload = plan.workload
    template = post(TOPIC, workload.token, workload.event, workload.event_id)
    with ExitStack() as stack:
        sinks = start_sinks(plan)
        entries = start_gates(plan, sinks)
        ceilings = [start_ceiling(stack, sink, plan.folder, CONNECTIONS) for sink in sinks]
        for entry in entries:
            over_http.check(entry, workload)
        play_in_turns(plan, template, CONNECTIONS, entries, ceilings)
    gates = [entry.contestant for entry in entries]
    clients = [contestant for contestant, _ in ceilings]
    memory = at_most("MiB of memory with all writers", _memory_of_all(plan) / MEBIBYTE, 120)
    return [*gates, *clients], [*_wishes({one.name: one for one in gates}), memory]


def play_in_turns(
    plan: Plan, template: Template, connections: int, gates: Sequence[Entry], clients: Sequence[Ceiling]
) -> None:
    """Warm all up, then have each do its round after the other, with so many requests to the gates at once."""
    for entry in gates:
        over_http.play(entry, template, plan, plan.seconds / 3, connections)
    for _, client in clients:
        rounds.play(client, plan.seconds / 3)
    for _ in range(plan.rounds):
        for entry in gates:
            entry.contestant.rounds.append(over_http.play(entry, template, plan, plan.seconds, connections))
        for contestant, client in clients:
            contestant.rounds.append(rounds.play(client, plan.seconds))


def _memory_of_all(plan: Plan) -> int:
    """Bytes that a server has in memory once it has delivered to all sinks at once."""
    writers = {sink.name: dict(sink.settings) for sink in plan.sinks}
    conf = configure(plan.folder / "into-all", plan.workload, writers)
    env = {name: value for sink in plan.sinks for name, value in sink.env.items()}
    template = post(TOPIC, plan.workload.token, plan.workload.event, plan.workload.event_id)
    port = servers.free_ports(1)[0]
    log = plan.folder / "into-all.log"
    with servers.running(
        servers.gate(conf, port), port, ready="/readyz", log=log, env={**servers.QUIET, **env}
    ) as server:
        run(port, template, expected=202, connections=4, first=FIRST_FOR_ALL, count=200)
        return server.proportional_bytes()


def _wishes(gates: Mapping[str, Contestant]) -> list[Wish]:
    def share(name: str) -> float:
        return median(a / b for a, b in zip(gates[gate_name(name)].rates, gates[gate_name(DISCARD)].rates, strict=True))

    wanted = (("sqlite", 0.7), ("postgres", 0.7), ("kafka", 0.6))
    return [at_least(f"rate into {name} over rate into no sink", share(name), least) for name, least in wanted]


def gate_name(name: str) -> str:
    """What the gate into a sink is called."""
    return f"gate, {name}"


def start_sinks(plan: Plan) -> list[Sink]:
    """All of them, real but for EventBridge, started by the first who asks and up until the plan is done."""
    if not plan.sinks:
        plan.sinks.extend(_started(plan.services, plan.folder))
    return plan.sinks


def _started(stack: ExitStack, folder: Path) -> list[Sink]:
    kafka: Broker = stack.enter_context(broker())
    postgres: Database = stack.enter_context(database(durable=True))
    cloud: Aws = stack.enter_context(aws())
    kafka.create_topic(TOPIC)
    cloud.client("events").create_event_bus(Name=BUS)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{BUS}"
    dsn = f"{postgres.dsn(postgres.create_database())}?sslmode=disable"  # nor is there TLS on the way to the others
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


def start_gates(plan: Plan, sinks: Sequence[Sink]) -> list[Entry]:
    """A gate into nothing, and one into each of the sinks, up until the plan is done."""
    return [
        Entry(Contestant(gate_name(sink.name)), _gate(plan, sink), 202) for sink in (Sink(DISCARD, {}, "", {}), *sinks)
    ]


def _gate(plan: Plan, sink: Sink) -> Server:
    if sink.name not in plan.gates:
        conf = configure(plan.folder / f"into-{sink.name}", plan.workload, {sink.name: dict(sink.settings)})
        port = servers.free_ports(1)[0]
        running = servers.running(
            servers.gate(conf, port),
            port,
            ready="/readyz",
            log=plan.folder / f"into-{sink.name}.log",
            env={**servers.QUIET, **sink.env},
        )
        plan.gates[sink.name] = plan.services.enter_context(running)
    return plan.gates[sink.name]


def start_ceiling(stack: ExitStack, sink: Sink, folder: Path, under_way: int) -> Ceiling:
    """The sink's own client, with so many events under way."""
    command = ["bench.ceilings", sink.name, sink.target, str(under_way)]
    client = stack.enter_context(rounds.process(command, sink.env, folder / f"{sink.name}.client.log"))
    return Contestant(client_name(sink.name)), client


def client_name(name: str) -> str:
    """What a sink's own client is called."""
    return f"its own client, {name}"
