"""Rounds of numbers, and the table that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Round:
    """One contestant's work in one round."""

    requests: int
    seconds: float
    cpu_seconds: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second on the clock."""
        return self.requests / self.seconds

    @property
    def cost(self) -> float:
        """CPU microseconds a request."""
        return self.cpu_seconds / self.requests * 1e6


@dataclass(frozen=True)
class Contestant:
    """A name and its rounds, in the order run."""

    name: str
    rounds: list[Round] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [done.rate for done in self.rounds]

    @property
    def costs(self) -> list[float]:
        return [done.cost for done in self.rounds]


@dataclass(frozen=True)
class Wish:
    """A ratio or number that the project wants, and what was measured."""

    text: str
    measured: float
    wanted: str
    met: bool

    def __str__(self) -> str:
        return f"{'met    ' if self.met else 'NOT MET'}  {self.text}: {self.measured:,.1f} (wanted: {self.wanted})"


def at_least(text: str, measured: float, bound: float) -> Wish:
    return Wish(text, measured, f"at least {bound:,g}", measured >= bound)


def at_most(text: str, measured: float, bound: float) -> Wish:
    return Wish(text, measured, f"at most {bound:,g}", measured <= bound)


def ratio(over: Contestant, under: Contestant) -> float:
    """How many times `under`'s CPU per request `over` takes: the median over the rounds, paired."""
    return median(a / b for a, b in zip(over.costs, under.costs, strict=True))


def spread(values: Sequence[float]) -> str:
    return f"{median(values):>9,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the sorted `ordered` lie; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def latencies(contestants: Sequence[Contestant]) -> str:
    """A line for each: how long an answer took, the medians over the rounds."""
    lines = [f"{'':<34}{'p50 ms':>9}{'p99 ms':>9}"]
    for contestant in contestants:
        if not any(done.p99_ms for done in contestant.rounds):
            continue
        halves = median(done.p50_ms for done in contestant.rounds)
        tails = median(done.p99_ms for done in contestant.rounds)
        lines.append(f"{contestant.name:<34}{halves:>9.2f}{tails:>9.2f}")
    return "\n".join(lines)


def table(contestants: Sequence[Contestant], unit: str = "request") -> str:
    """A line for each, with medians, extremes, and CPU per request (or `unit`) as a multiple of the first one's."""
    lines = [f"{'':<34}{f'{unit}s/s':<30}{f'CPU us/{unit}':<26}{'times the first'}"]
    for contestant in contestants:
        times = ratio(contestant, contestants[0])
        lines.append(f"{contestant.name:<34}{spread(contestant.rates):<30}{spread(contestant.costs):<26}{times:>8.2f}")
    return "\n".join(lines)


def as_json(contestants: Sequence[Contestant], wishes: Sequence[Wish]) -> dict[str, Any]:
    return {
        "contestants": {
            one.name: {
                "requests_per_second": median(one.rates),
                "cpu_microseconds": median(one.costs),
                "rounds": [asdict(done) for done in one.rounds],
            }
            for one in contestants
        },
        "wanted": [asdict(wish) for wish in wishes],
    }
