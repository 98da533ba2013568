"""What a million events cost on AWS, from what a warm invocation takes; list prices of eu-west-1, no free tiers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import median
from typing import Final

GB_SECOND: Final = 0.0000166667
"""USD for a second of a function with 1,024 MiB (x86_64)."""
INVOCATION: Final = 0.20 / 1_000_000
"""USD for each invocation."""
API_REQUEST: Final = 3.50 / 1_000_000
"""USD for each request to a REST API."""
MEMORY_MIB: Final = 1024
"""What the Terraform module gives a function."""
SHARE: Final = MEMORY_MIB / 1769
"""The part of a processor that comes with it (AWS Lambda Developer Guide, "Configure Lambda function memory")."""
BATCH: Final = 100
"""Events posted together, in the second case."""


def million(duration_ms: float, events: int = 1) -> float:
    """USD for a million events, `events` an invocation that takes `duration_ms`, which is billed by the millisecond."""
    billed = ceil(duration_ms) / 1000 * MEMORY_MIB / 1024
    return 1_000_000 / events * (INVOCATION + API_REQUEST + billed * GB_SECOND)


def billed_ms(wall_ms: float, cpu_ms: float) -> float:
    """How long an invocation takes there: waiting takes what it took here, work is done by a part of a processor."""
    return max(0.0, wall_ms - cpu_ms) + cpu_ms / SHARE


def row(name: str, wall: Sequence[float], cpu: float, peak_bytes: int, batch_wall: float, batch_cpu: float) -> str:
    """A line of the table; `wall` in seconds, `cpu` in seconds an invocation."""
    single = billed_ms(median(wall) * 1000, cpu * 1000)
    batch = billed_ms(batch_wall * 1000, batch_cpu * 1000)
    return (
        f"| {name} | {single:.1f} | {peak_bytes / 2**20:.0f} | {million(single):.2f} "
        f"| {batch:.0f} | {million(batch, BATCH):.2f} |"
    )


HEAD: Final = (
    f"| sinks | ms for one | MiB at most | USD, one a post | ms for {BATCH} | USD, {BATCH} a post |\n"
    "|---|---|---|---|---|---|"
)
