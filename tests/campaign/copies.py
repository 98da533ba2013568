"""How often an event may lie in a sink without a ledger, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.campaign.records import Attempt, Said

UNKNOWN, LOST, AT_ONCE, REDELIVERED, AGAIN = (
    "unknown outcome",
    "lost answer",
    "submitted at once",
    "redelivered",
    "sent again without a receipt",
)
EXCUSES = (UNKNOWN, LOST, AT_ONCE, REDELIVERED)
"""What a gate's callers are told may make a second copy. The remaining kind is the caller's own doing."""
UNANSWERED = "unanswered"


class Saying(NamedTuple):
    """What one attempt says of one event; `settled` are the writers that its receipt spared it."""

    attempt: Attempt
    said: Said | None
    settled: AbstractSet[str] = frozenset()

    def outcome(self, writer: str) -> str:
        """The writer's outcome, `skipped` if it was never asked, `unanswered` if nobody knows."""
        if not self.attempt.arrived:
            return "skipped"
        if self.said is None:
            return UNANSWERED
        if not self.said.outcomes:
            stopped = {"unavailable", "internal"} & {*self.said.errors}
            return UNANSWERED if stopped else "skipped"
        return self.said.outcomes.get(writer, "skipped")


@dataclass
class Copies:
    """`explained`: second and further copies by their reason. `missing`: acknowledged more often than held."""

    explained: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    missing: int = 0


def explain(
    writer: str, sayings: Sequence[Saying], count: int, excuses: AbstractSet[str], *, spooled: bool = False
) -> Copies:
    """Why `writer`'s sink holds `count` copies, given what every attempt said, in the order in which they began."""
    reasons: list[str] = []
    endless = False
    before: list[tuple[str, Attempt]] = []
    for saying in sayings:
        outcome = saying.outcome(writer)
        if writer in saying.settled or outcome not in ("delivered", "deferred", "unknown", UNANSWERED):
            continue
        reasons.append(_reason(outcome, saying.attempt, before))
        endless = endless or (spooled and outcome in ("deferred", UNANSWERED))
        before.append((outcome, saying.attempt))
    acknowledged = sum(outcome == "delivered" for outcome, _ in before)
    accepted = [reason for reason in reasons if not reason or reason in excuses]
    result = Copies(missing=max(0, acknowledged - count))
    extras = max(0, count - 1)
    spare = sorted((reason for reason in accepted if reason), key=_rank)
    if len(spare) == len(accepted):  # none of them is the one that needs no reason
        spare = spare[:-1]
    result.explained.update(spare[:extras])
    left = extras - len(spare[:extras])
    if endless and REDELIVERED in excuses:
        result.explained[REDELIVERED] += left
        left = 0
    result.explained = +result.explained
    result.unexplained = left
    return result


def _reason(outcome: str, attempt: Attempt, before: Sequence[tuple[str, Attempt]]) -> str:
    """Why this attempt may have made a copy beside others; empty for one that makes the only copy there should be."""
    if outcome == "unknown":
        return UNKNOWN
    if outcome == UNANSWERED or attempt.lost:
        return LOST
    if outcome == "deferred":
        return REDELIVERED
    if any(earlier.ended > attempt.began for _, earlier in before):
        return AT_ONCE
    return AGAIN if any(said == "delivered" and not earlier.lost for said, earlier in before) else ""


def _rank(reason: str) -> int:
    return EXCUSES.index(reason) if reason in EXCUSES else len(EXCUSES)
