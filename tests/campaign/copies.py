"""How often an event may lie in a sink without a ledger, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.campaign.records import Attempt, Said

UNKNOWN, LOST, TWICE, REDELIVERED, AGAIN = (
    "unknown outcome",
    "lost answer",
    "submitted twice",
    "redelivered",
    "sent again without a receipt",
)
EXCUSES = (UNKNOWN, LOST, TWICE, REDELIVERED)
"""What a gate's callers are told may make a second copy. `AGAIN` is a retry that should have spared the writer."""
UNANSWERED = "unanswered"
MAY_WRITE = frozenset({"delivered", "deferred", "unknown", UNANSWERED})


class Saying(NamedTuple):
    """What one attempt says of the event at `place` in it; `settled` are the writers that its receipt spared it."""

    attempt: Attempt
    place: int
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
    writing = [
        (outcome, saying)
        for saying in sayings
        if (outcome := saying.outcome(writer)) in MAY_WRITE and writer not in saying.settled
    ]
    reasons = [_reason(outcome, saying, writing[:index]) for index, (outcome, saying) in enumerate(writing)]
    endless = spooled and any(_may_be_deferred(saying, writer) for saying in sayings)
    acknowledged = sum(outcome == "delivered" for outcome, _ in writing)
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


def _may_be_deferred(saying: Saying, writer: str) -> bool:
    """Whether the spool may have it, and try it as often as it takes: nobody writes down those attempts."""
    outcome = saying.outcome(writer)
    in_doubt = outcome == "unknown" and saying.said is not None and "spool" in saying.said.errors
    return outcome in ("deferred", UNANSWERED) or in_doubt


def _reason(outcome: str, saying: Saying, before: Sequence[tuple[str, Saying]]) -> str:
    """Why this attempt may have made a copy beside others; empty for one that makes the only copy there should be."""
    if outcome == "unknown":
        return UNKNOWN
    if outcome == UNANSWERED or saying.attempt.lost:
        return LOST
    if outcome == "deferred":
        return REDELIVERED
    heard = [earlier for said, earlier in before if said == "delivered" and not earlier.attempt.lost]
    if any(_submitted(earlier) == _submitted(saying) for earlier in heard):
        return AGAIN
    return TWICE if any(_submitted(earlier) != _submitted(saying) for _, earlier in before) else ""


def _submitted(saying: Saying) -> tuple[str, int]:
    """What a client's tries at one event have in common: a batch may hold the same event at two places."""
    return saying.attempt.submission, saying.place


def _rank(reason: str) -> int:
    return EXCUSES.index(reason) if reason in EXCUSES else len(EXCUSES)
