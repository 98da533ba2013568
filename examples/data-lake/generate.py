"""Write the sample events beside this file: the same bytes every time.

    python examples/data-lake/generate.py [FOLDER]

FOLDER (default: `events` beside this file) gets, for each topic, `valid/TOPIC.ndjson`, `invalid/TOPIC.ndjson` and
`invalid/TOPIC.expected.ndjson`: what is wrong with each line of the second, as the gate must say it.
Needs nothing but Python 3.11.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lake_events import MAKERS, status_changes
from lake_faults import FAULTS, Fault, Problem

SEED = 20260131
VALID = {"public.cps.za.runs": 120, "public.cps.za.dlchange": 80, "public.cps.za.test": 40}
"""How many valid events each topic gets; the status changes come job by job."""
JOBS = 40
"""Job executions whose whole lives are the valid events of the status_change topic."""
VARIANTS = 2
"""How many events are spoilt in each way."""


def encode(value: Any, rng: random.Random) -> str:
    """JSON in one of the styles that real programs write: compact or spaced, escaped or as it is."""
    separators = rng.choice(((",", ":"), (", ", ": ")))
    return json.dumps(value, ensure_ascii=rng.randrange(4) == 0, separators=separators)


def valid_events(topic: str, rng: random.Random) -> list[Any]:
    if topic in VALID:
        return [MAKERS[topic](rng) for _ in range(VALID[topic])]
    return list(status_changes(rng, JOBS))


def expectation(line: int, fault: Fault) -> dict[str, Any]:
    return {"line": line, "why": fault.why, "problems": [described(problem) for problem in fault.problems]}


def described(problem: Problem) -> dict[str, str]:
    return {name: value for name, value in asdict(problem).items() if value is not None}


def write_lines(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + "\n" for line in lines).encode())


def generate(folder: Path) -> None:
    """Write all files into `folder`, which is made if it is not there."""
    for topic, maker in MAKERS.items():
        rng = random.Random(f"{SEED} {topic}")
        write_lines(folder / "valid" / f"{topic}.ndjson", [encode(event, rng) for event in valid_events(topic, rng)])
        faults = [fault for fault in FAULTS[topic] for _ in range(VARIANTS)]
        write_lines(
            folder / "invalid" / f"{topic}.ndjson",
            [encode(fault.spoil(maker(rng), rng), rng) for fault in faults],
        )
        write_lines(
            folder / "invalid" / f"{topic}.expected.ndjson",
            [json.dumps(expectation(line, fault)) for line, fault in enumerate(faults, start=1)],
        )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Write the sample events, the same every time.")
    arguments.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "events")
    generate(arguments.parse_args().folder)
