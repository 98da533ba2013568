"""What PutEvents' answers mean for the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from eventgate.aws.faults import AwsFailure
from eventgate.core.model import Outcome, WriteResult

ENTRY_CODES: Final[Mapping[str, tuple[Outcome, str]]] = {
    "InternalFailure": (Outcome.FAILED, "EventBridge failed to take it"),
    "InternalFailureException": (Outcome.FAILED, "EventBridge failed to take it"),
    "InternalException": (Outcome.FAILED, "EventBridge failed to take it"),
    "ThrottlingException": (Outcome.FAILED, "throttled"),
    "AccessDeniedException": (Outcome.FAILED, "access denied"),
    "NotAuthorizedForSourceException": (Outcome.FAILED, "the bus does not allow this source"),
    "NotAuthorizedForDetailTypeException": (Outcome.FAILED, "the bus does not allow this detail type"),
    "InvalidAccountIdException": (Outcome.FAILED, "the account of the bus is not valid"),
    "RedactionFailure": (Outcome.FAILED, "EventBridge failed to take it"),
    "InvalidArgument": (Outcome.REFUSED, "EventBridge does not take such an entry"),
    "MalformedDetail": (Outcome.REFUSED, "EventBridge does not take such a document"),
}
"""By the `ErrorCode` of an entry (EventBridge API reference, PutEventsResultEntry)."""

AGAIN: Final = frozenset({"InternalFailure", "InternalFailureException", "InternalException", "ThrottlingException"})
"""Entries with these codes were not taken now and may be later."""

_OTHER: Final = "EventBridge refuses the entry"
_NO_WORD: Final = WriteResult(Outcome.UNKNOWN, reason="EventBridge's answer does not mention the event")


class Verdict(msgspec.Struct, frozen=True):
    """What became of one entry; `again`: it is not there, and may be taken when it is sent once more."""

    result: WriteResult
    again: bool = False


def verdicts(answer: Mapping[str, Any], count: int) -> list[Verdict]:
    """One for each of `count` entries, from the answer of PutEvents, which has them in the request's order."""
    entries = answer.get("Entries") or []
    if len(entries) != count:
        return [Verdict(_NO_WORD)] * count
    return [_verdict(entry) for entry in entries]


def undone(problem: AwsFailure) -> WriteResult:
    """What a request that failed as a whole means for each of its entries."""
    return WriteResult(Outcome.UNKNOWN if problem.acted else Outcome.FAILED, reason=problem.reason)


def _verdict(entry: Mapping[str, Any]) -> Verdict:
    code = entry.get("ErrorCode")
    if code:
        outcome, reason = ENTRY_CODES.get(code, (Outcome.FAILED, _OTHER))
        return Verdict(WriteResult(outcome, reason=reason), again=code in AGAIN)
    if entry.get("EventId"):
        return Verdict(WriteResult(Outcome.DELIVERED, {"id": str(entry["EventId"])}))
    return Verdict(_NO_WORD)
