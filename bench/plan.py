"""How much of everything one run of the bench does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.workload import Workload


@dataclass(frozen=True)
class Plan:
    """Times in seconds; `folder` takes configurations, databases and logs, and is thrown away."""

    folder: Path
    workload: Workload
    rounds: int
    seconds: float
    connections: int
    memory_requests: int
