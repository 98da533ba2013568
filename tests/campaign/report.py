"""What a campaign reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """What happened, counted, and what was wrong.

    `answers` are by status, for each event of each request. `faults` are named `place: kind`. `copies` are the second
    and further ones, by what explains them.
    """

    seed: str
    seconds: float
    events: int = 0
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
