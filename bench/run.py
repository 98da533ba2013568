"""Measure the gate against a bare echo, a gate written by hand and the clients of its sinks, in one run.

    python -m bench.run [NAME ...] [--quick] [--source] [--rounds N] [--seconds S] [--results FOLDER] [--record]

Without names all are run. README.md beside this file explains the method and how to read the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import (
    over_batches,
    over_growth,
    over_http,
    over_lambda,
    over_latency,
    over_memory,
    over_sinks,
    over_workers,
    report,
)
from bench.compiled import compiled
from bench.figures import Contestant, Wish, as_json, latencies, table
from bench.interpreter import interpreter
from bench.load import LoadFailed
from bench.plan import Plan
from bench.servers import CORES, LOAD_CORE, SERVER_CORE, StartFailed
from bench.workload import prepared

Measurement = Callable[[Plan], tuple[list[Contestant], list[Wish]]]
MEASUREMENTS: dict[str, Measurement] = {
    "http": over_http.measure,
    "lambda": over_lambda.measure,
    "memory": over_memory.measure,
    "growth": over_growth.measure,
    "workers": over_workers.measure,
    "sinks": over_sinks.measure,
    "batches": over_batches.measure,
    "latency": over_latency.measure,
}
"""In this order: the last three leave the sinks running."""
UNITS = {"lambda": "invocation", "batches": "event"}
"""What is counted, where it is not requests."""
RESULTS = Path(__file__).parent / "results"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the gate against an echo and a handmade gate.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASUREMENTS)}; all if none is named"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a second or two each: shows that it runs, measures nothing"
    )
    parser.add_argument(
        "--source",
        action="store_true",
        help="measure the gate as it is installed here, and not compiled (as --quick does)",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each contestant in each round")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON file")
    parser.add_argument("--memory-requests", type=int, default=1_000_000, help="of the measurement of memory")
    parser.add_argument("--record", action="store_true", help=f"write the tables into {report.PAGE.name}")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    is_compiled = not (options.source or options.quick)
    results: dict[str, Any] = {
        "python": interpreter(),
        "machine": report.machine(),
        "cores": len(CORES),
        "load": os.getloadavg()[0],
        "rounds": 1 if options.quick else options.rounds,
        "compiled": is_compiled,
    }
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        prepared(Path(name)) as workload,
        ExitStack() as services,
    ):
        if is_compiled:
            os.environ["PYTHONPATH"] = str(compiled(Path(name, "compiled")))
        print(f"Python {results['python']}, the gate {report.form(results)}; event of {len(workload.event)} bytes")
        print(f"servers on core {SERVER_CORE}, load on core {LOAD_CORE}, {options.connections} connections")
        plan = Plan(
            folder=Path(name),
            workload=workload,
            rounds=results["rounds"],
            seconds=0.1 if options.quick else options.seconds,
            connections=options.connections,
            memory_requests=2_000 if options.quick else options.memory_requests,
            is_quick=options.quick,
            is_compiled=is_compiled,
            services=services,
        )
        for name in options.names or MEASUREMENTS:
            print(f"\n{name}: median (lowest to highest) of {plan.rounds} rounds of {plan.seconds:g} s", flush=True)
            contestants, wishes = MEASUREMENTS[name](plan)
            unit = UNITS.get(name, "request")
            print(table(contestants, unit))
            if any(done.p99_ms for one in contestants for done in one.rounds):
                print(latencies(contestants))
            print("\n".join(map(str, wishes)), flush=True)
            results[name] = {"unit": unit, **as_json(contestants, wishes)}
    return results


def main() -> int:
    options = _arguments()
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        results = _measure(options)
    except (LoadFailed, StartFailed) as error:
        print(f"the bench failed: {error}", file=sys.stderr)
        return 1
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / time.strftime("%Y%m%d-%H%M%S.json")
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\n{report.wishes(results)}\n\n{path}")
    if options.record:
        report.record(results)
        print(report.PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
