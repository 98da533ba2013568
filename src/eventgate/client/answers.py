"""What a gate's answers say of posted events (docs/api.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from eventgate.core.model import Outcome
from eventgate.errors import Problem, Unreachable


class WriterResult(msgspec.Struct, frozen=True):
    """What became of an event at one writer; `position` says where it lies, in the writer's own terms."""

    outcome: Outcome
    reason: str | None = None
    pointer: str | None = None
    position: Mapping[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event.

    `status` is the HTTP status (0 for a 202 that no gate wrote), `errors` say why it is not 202. `retryable`: the same
    bytes may well be taken later. `key` is the Idempotency-Key of the post and `receipt` what a later post of the same
    bytes needs to reach only what is missing; in a batch both belong to the batch. `attempts` counts the requests that
    it took; 0 if the event was judged here and never sent.
    """

    status: int
    event_id: str | None = None
    writers: Mapping[str, WriterResult] = {}
    errors: tuple[Problem, ...] = ()
    retryable: bool = False
    receipt: str | None = None
    key: str | None = None
    attempts: int = 1

    @property
    def accepted(self) -> bool:
        """Whether every required writer has the event, or has it deferred durably."""
        return self.status == 202

    def after(self, earlier: Answer) -> Answer:
        """This answer, given that the same post had an `earlier` one."""
        return self


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. `results` has one answer for each event, in order.

    `errors` say why the last request was refused as a whole; they are empty where every event has been judged.
    """

    status: int
    results: tuple[Answer, ...]
    errors: tuple[Problem, ...] = ()
    receipt: str | None = None
    key: str | None = None
    attempts: int = 1

    @property
    def accepted(self) -> bool:
        """Whether every event was accepted."""
        return all(result.accepted for result in self.results)

    @property
    def retryable(self) -> bool:
        """Whether some event may well be taken later."""
        return any(result.retryable for result in self.results)

    def after(self, earlier: BatchAnswer) -> BatchAnswer:
        """This answer, given that the same post had an `earlier` one: what was accepted once stays accepted."""
        refused_whole = bool(self.errors)
        results = tuple(
            before if before.accepted or (refused_whole and not earlier.errors) else now
            for before, now in zip(earlier.results, self.results, strict=True)
        )
        return msgspec.structs.replace(self, results=results, receipt=self.receipt or earlier.receipt)


class Unanswered(Unreachable):
    """The last attempt of a post had no answer: of what was not accepted before, nobody knows whether it landed.

    `last` is the answer of an earlier attempt, if there was one. Posting the same bytes again with `key` and
    `receipt` reaches only what is missing, as far as the gate can tell.
    """

    def __init__(self, reason: str, *, last: Answer | BatchAnswer | None, key: str, receipt: str | None) -> None:
        super().__init__(reason)
        self.last = last
        self.key = key
        self.receipt = receipt
