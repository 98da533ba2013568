"""Attempts and sinks made by hand, for the tests of the judge."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

from tests.campaign.copies import EXCUSES
from tests.campaign.judge import DeadLetter, Judgement, Rules, Sinks, judge
from tests.campaign.records import Attempt, Key, Said

E, OTHER = Key("orders", "e", "1"), Key("orders", "e", "2")
NOBODYS = Key("orders", "nobody's", "1")
SPOOLED = Key("spooled", "e", "1")
WRITERS = frozenset({"kafka", "postgres", "hook"})
REQUIRED = WRITERS - {"hook"}
RULES = {"orders": Rules(WRITERS, REQUIRED), "spooled": Rules(WRITERS, REQUIRED, spooled=True)}
NUMBERS = count(1)


def attempt(kafka: str = "delivered", postgres: str = "delivered", key: Key = E, at: float = 0, **more: Any) -> Attempt:
    """An attempt whose answer says so, from `at` to half a second later; a submission of its own unless named."""
    outcomes = {"kafka": kafka, "postgres": postgres, "hook": more.pop("hook", "delivered")}
    fine = {kafka, postgres} <= {"delivered", "duplicate", "deferred"}
    said = Said(more.pop("status", 202 if fine else 500), outcomes, more.pop("errors", ()))
    number = next(NUMBERS)
    more.setdefault("submission", f"s{number}")
    return Attempt(number, (key,), at, at + 0.5, said=(said,), **more)


def silent(key: Key = E, at: float = 0, **more: Any) -> Attempt:
    """An attempt without an answer."""
    return Attempt(next(NUMBERS), (key,), at, at + 0.5, lost=True, **more)


def judged(*attempts: Attempt, dead: str = "", **held: int | Mapping[Key, int]) -> Judgement:
    """The judgement where the sinks hold that often what the first attempt is about; once where nothing is said."""
    key = attempts[0].events[0]
    given = {name: held.get(name, 1) for name in WRITERS}
    counts = {name: {key: value} if isinstance(value, int) else value for name, value in given.items()}
    counts = {name: {each: number for each, number in found.items() if number} for name, found in counts.items()}
    letters = frozenset({DeadLetter(dead, key.topic, key.event_id)} if dead else ())
    sinks = Sinks(counts, frozenset({"postgres"}), letters)
    return judge(attempts, sinks, RULES, frozenset(EXCUSES))
