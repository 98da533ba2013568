"""Cold starts of the Lambda package, from the process's start to its first answer, against an empty handler's.

    python -m bench.cold_start [--rounds N] [--python 3.13]

Each answer is a 202 of an event that the sinks have taken: a real Kafka and PostgreSQL, and EventBridge as moto plays
it. All contestants take turns. README.md beside this file explains how to read the table.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import costs
from tests.aws_lambda.events import rest_api
from tests.aws_lambda.function import HANDLER, Code, Function
from tests.aws_lambda.packages import build
from tests.deployment import Deployment, deployment
from tests.faults.sinks import Bus, Sinks
from tests.services.aws import aws
from tests.services.broker import broker
from tests.services.database import database

EMPTY: Final = "empty handler"
FLOOR: Final = "Kafka and Postgres without a gate"
EMPTY_HANDLER: Final = "def handler(event, context):\n    return {'statusCode': 202, 'body': '{}'}\n"
CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "no sink": (),
    "Kafka": ("kafka",),
    "Postgres": ("postgres",),
    "Kafka and Postgres": ("kafka", "postgres"),
    "EventBridge": ("eventbridge",),
    "all three": ("kafka", "postgres", "eventbridge"),
}
WANTED: Final = {"no sink": 4.0, "Kafka and Postgres": 4.0, "all three": 8.0}
"""At most so many times the empty handler's start."""
SLOWEST_IMPORTS: Final = 16
WARM_UP: Final = 20
WARM: Final = 100
"""Invocations of a warm environment that are measured, for what they cost."""
BATCH: Final = "\n".join(f'{{"order": {number}}}' for number in range(costs.BATCH))


@dataclass
class Contestant:
    """A function to start, and how long each start took: seconds on the clock, and of all processors' time."""

    name: str
    code: Code
    handler: str
    env: Mapping[str, str]
    event: Any
    batch: Any = None
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def cost(self, folder: Path) -> str:
        """What events cost in an environment that is warm, alone and in batches."""
        with Function(self.code, Path(tempfile.mkdtemp(dir=folder)), self.env, self.handler) as function:
            alone, cpu = self._warm(function, self.event)
            many, many_cpu = self._warm(function, self.batch)
            return costs.row(self.name, alone, cpu, function.peak_bytes, median(many), many_cpu)

    def _warm(self, function: Function, event: Any) -> tuple[list[float], float]:
        """Seconds of each invocation on the clock, and of processor time on average; the first ones do not count."""
        seconds = []
        before = 0.0
        for number in range(WARM_UP + WARM):
            if number == WARM_UP:
                before = function.cpu_seconds
            begun = time.perf_counter()
            answer = function.invoke(event)
            seconds.append(time.perf_counter() - begun)
            if answer["statusCode"] != 202:
                raise SystemExit(f"{self.name} answered {answer}; its log: {function.log}")
        return seconds[WARM_UP:], (function.cpu_seconds - before) / WARM

    def start_once(self, folder: Path) -> None:
        """Time one environment from its first moment to its first answer."""
        log = Path(tempfile.mkdtemp(dir=folder))
        before = _children()
        with Function(self.code, log, self.env, self.handler) as function:
            begun = time.perf_counter()
            answer = function.invoke(self.event)
            self.seconds.append(time.perf_counter() - begun)
            if answer["statusCode"] != 202:
                raise SystemExit(f"{self.name} answered {answer}; its log: {function.log}")
        self.cpu_seconds.append(_children() - before)


def _children() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def contestants(folder: Path, python: str) -> Iterator[list[Contestant]]:
    """The empty handler, and the package with each choice of sinks, which run meanwhile."""
    built = build(folder, python, "--writers", "kafka,postgres,eventbridge")
    empty = folder / "empty"
    empty.mkdir()
    (empty / "empty.py").write_text(EMPTY_HANDLER)
    code = Code(built.code.interpreter, built.code.runtime, empty)
    with ExitStack() as stack:
        kafka, postgres = stack.enter_context(broker()), stack.enter_context(database())
        sinks = Sinks(kafka, postgres, Bus(stack.enter_context(aws())))
        kafka.create_topic(sinks.topic)
        found = [Contestant(EMPTY, code, "empty.handler", {}, {})]
        for name, writers in CHOICES.items():
            site = stack.enter_context(deployment(folder / name.replace(" ", "-")))
            _configure(site, sinks, writers)
            fields = {"Authorization": site.bearer()}
            event = rest_api("POST", "/topics/free", fields, '{"order": 1}')
            batch = rest_api("POST", "/topics/free", fields | {"Content-Type": "application/x-ndjson"}, BATCH)
            env = {"CONF_DIR": str(site.conf), "LOG_LEVEL": "WARNING"}
            found.append(Contestant(name, built.code, HANDLER, env, event, batch))
        found.append(_floor(built.code, sinks, found[-1].event))
        yield found


def _floor(package: Code, sinks: Sinks, event: Any) -> Contestant:
    """What the clients take by themselves."""
    shutil.copy(Path(__file__).with_name("floor.py"), package.root)
    env = {
        "FLOOR_KAFKA": sinks.writers["kafka"]["bootstrap_servers"],
        "FLOOR_POSTGRES": sinks.writers["postgres"]["dsn"],
        "FLOOR_TOPIC": sinks.topic,
    }
    return Contestant(FLOOR, package, "floor.handler", env, event)


def _configure(site: Deployment, sinks: Sinks, writers: Sequence[str]) -> None:
    site.config["writers"] = {name: sinks.writers[name] for name in writers} or {"discard": {}}
    uses: dict[str, object] = {name: {} for name in site.config["writers"]}
    if "kafka" in uses:
        uses["kafka"] = {"topic": sinks.topic}
    site.config["topics"] = {"free": {"schema": "topics/free.json", "writers": uses}}
    site.access = {"free": ["alice"]}
    site.write()


def table(measured: Sequence[Contestant]) -> str:
    """Milliseconds, and the ratio to the first, each round divided by the one beside it."""
    lines = [
        "| sinks | ms, median (lowest to highest) | times an empty handler | CPU ms | times |",
        "|---|---|---|---|---|",
    ]
    for each in measured:
        ms = [second * 1000 for second in each.seconds]
        spread = f"{median(ms):.0f} ({min(ms):.0f} to {max(ms):.0f})"
        cpu, times = median(each.cpu_seconds) * 1000, ratio(each.cpu_seconds, measured[0].cpu_seconds)
        wall = ratio(each.seconds, measured[0].seconds)
        lines.append(f"| {each.name} | {spread} | {wall:.1f} | {cpu:.0f} | {times:.1f} |")
    return "\n".join(lines)


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median over the rounds."""
    return median(a / b for a, b in zip(over, under, strict=True))


def imports(contestant: Contestant) -> str:
    """What importing the handler and opening the gate spend on each package, as Python tells it (-X importtime)."""
    code = contestant.code
    program = "import event_gate_lambda"
    env = {"PYTHONPATH": str(code.root), "PYTHONDONTWRITEBYTECODE": "1", **contestant.env}
    env |= {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [str(code.interpreter), "-S", "-X", "importtime", "-c", program]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stderr
    spent: dict[str, int] = {}
    for line in told.splitlines():
        own, _, name = (part.strip() for part in line.removeprefix("import time:").split("|"))
        if own.isdigit():
            spent[top(name)] = spent.get(top(name), 0) + int(own)
    rows = sorted(spent.items(), key=lambda row: -row[1])[:SLOWEST_IMPORTS]
    total = sum(spent.values())
    lines = ["| package | ms of its own | share |", "|---|---|---|"]
    return "\n".join(lines + [f"| `{name}` | {us / 1000:.1f} | {us / total:.0%} |" for name, us in rows])


def top(module: str) -> str:
    """The package that a module counts with; ours by room."""
    parts = module.split(".")
    if parts[0] == "eventgate":
        return ".".join(parts[:2])
    return "the standard library" if parts[0].lstrip("_") in STANDARD else parts[0]


STANDARD: Final = {name.lstrip("_") for name in sys.stdlib_module_names}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure cold starts of the Lambda package.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--python", choices=["3.12", "3.13"], default="3.13")
    options = parser.parse_args()
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    with tempfile.TemporaryDirectory(prefix="cold-") as name, contestants(Path(name), options.python) as measured:
        for round_ in range(options.rounds + 1):
            for each in measured:
                each.start_once(Path(name))
                if not round_:
                    each.seconds.clear()  # the first reads the disk
                    each.cpu_seconds.clear()
        print(table(measured))
        gates = [each for each in measured if each.name in CHOICES]
        print("\n" + imports(gates[-1]))
        print("\n" + "\n".join([costs.HEAD, *(each.cost(Path(name)) for each in gates)]))
        for each in measured:
            if (bound := WANTED.get(each.name)) is not None:
                found = ratio(each.seconds, measured[0].seconds)
                print(f"{'met' if found <= bound else 'NOT MET'}: {each.name}, {found:.1f} (wanted: at most {bound:g})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
