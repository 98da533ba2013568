"""What lies in a spool: writes that are still to be made, and dead letters."""

from __future__ import annotations

from typing import Literal

import msgspec

from eventgate.core.model import Event, WriteResult

DeathReason = Literal["refused", "conflict", "expired", "guard", "invalid"]
"""Why an event is a dead letter: a sink can never take it, holds its id with other bytes, did not take it in time; the
topic's guard did not take it; or the gate refused it for what it is."""


class Write(msgspec.Struct, frozen=True):
    """One event that one writer still has to get. `id` is the store's own; `event` has neither document nor options.

    `attempts` counts redeliveries that were tried; `deferred_at` is in epoch seconds.
    """

    id: str
    event: Event
    writer: str
    outcome: str
    reason: str | None
    attempts: int
    deferred_at: float


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that nobody tries to deliver any more. `writer` is None for one that the gate itself refused.

    `reason` is for people; times are in epoch seconds.
    """

    id: str
    event: Event
    writer: str | None
    why: DeathReason
    reason: str | None
    attempts: int
    deferred_at: float
    died_at: float


class Settlement(msgspec.Struct, frozen=True):
    """What became of a write: `result` of the attempt, and what follows from it.

    `why` is set where it becomes a dead letter; `due` (epoch seconds) where it is to be tried again; neither where it
    is done.
    """

    write: Write
    result: WriteResult
    due: float | None = None
    why: DeathReason | None = None


class Wanted(msgspec.Struct, frozen=True):
    """Which entries a command is about; None is any. `since` compares with when an event became one (epoch seconds)."""

    topic: str | None = None
    writer: str | None = None
    since: float | None = None
    ids: tuple[str, ...] = ()
