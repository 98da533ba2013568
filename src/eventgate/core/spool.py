"""The contract between the gate and its spool, which keeps durably what a sink could not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Protocol

import msgspec

from eventgate.core.model import Event, WriteResult


class Deferral(msgspec.Struct, frozen=True):
    """An event whose `missing` writers are to get it later; each with what became of it, or why it was not tried.

    Where `guard` names a writer, the others of `missing` wait until that one holds the event.
    """

    event: Event
    missing: Mapping[str, WriteResult]
    guard: str | None = None


class Untaken(msgspec.Struct, frozen=True):
    """Why an event is not in the spool for a writer; unless `certain`, it may be there all the same."""

    reason: str
    certain: bool = True


class Invalid(msgspec.Struct, frozen=True):
    """An event that was refused for what it is. `event.document` means nothing: it may be no JSON at all."""

    event: Event
    reason: str


class SpoolStatus(msgspec.Struct, frozen=True):
    """What lies in a spool. `oldest_at` is when the oldest deferred event was deferred (epoch seconds).

    `notes` are warnings about the spool itself. The counts are None where the store cannot tell.
    """

    deferred: int | None
    oldest_at: float | None
    dead: int | None
    notes: tuple[str, ...] = ()


class Spool(Protocol):
    """Keeps events until their writers take them. All times named `deadline` are `loop.time()`; no method blocks."""

    async def defer(self, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
        """Keep the events; for each, in order, the missing writers for which that did not succeed, with the reason.

        A writer that is not named has its event durably. Never raises.
        """

    async def waiting(self, topic: str, keys: Set[str], deadline: float) -> Mapping[str, Set[str]]:
        """By those of `keys` of which events of `topic` wait, for which writers; empty where nobody knows."""

    async def keep_invalid(self, invalid: Sequence[Invalid], deadline: float) -> str | None:
        """Keep refused events as dead letters; why that did not succeed for some of them, or None. Never raises."""

    async def status(self, deadline: float) -> SpoolStatus:
        """What lies there now; raises `SinkUnavailable` with a reason that holds no address."""

    async def close(self) -> None:
        """Let go of every resource."""
