"""How a gate is at a moment: what no request tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from eventgate.telemetry import families
from eventgate.telemetry.families import Family


class Condition(msgspec.Struct, frozen=True):
    """What is to be told of a gate; None where it is not known. `topics` are those that it serves."""

    in_flight: int
    topics: Collection[str] = ()
    key_age: float | None = None
    policy_age: float | None = None
    spool_events: int | None = None
    spool_age: float | None = None
    dead_letters: int | None = None

    def gauges(self) -> Iterator[tuple[Family, float]]:
        """The values that are known, by their family."""
        values = (
            (families.IN_FLIGHT, self.in_flight),
            (families.KEY_AGE, self.key_age),
            (families.POLICY_AGE, self.policy_age),
            (families.SPOOL_EVENTS, self.spool_events),
            (families.SPOOL_AGE, self.spool_age),
            (families.DEAD_LETTERS, self.dead_letters),
        )
        for family, value in values:
            if value is not None:
                yield family, value
