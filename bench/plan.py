"""How much of everything one run of the bench does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.servers import Server
from bench.workload import Workload


@dataclass(frozen=True)
class Sink:
    """A sink: the gate's settings for it, and the address that its own client is given."""

    name: str
    settings: Mapping[str, Any]
    target: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """Times in seconds; `folder` takes configurations, databases and logs, and is thrown away.

    `is_quick`: everything is to run, and nothing to be measured. `is_compiled`: gates are, unless they say otherwise.
    `services` closes what outlives a measurement, `sinks` are those that were started for one, `gates` those into
    them, by sink.
    """

    folder: Path
    workload: Workload
    rounds: int
    seconds: float
    connections: int
    memory_requests: int
    is_quick: bool = False
    is_compiled: bool = False
    services: ExitStack = field(default_factory=ExitStack)
    sinks: list[Sink] = field(default_factory=list)
    gates: dict[str, Server] = field(default_factory=dict)
