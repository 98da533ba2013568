"""From the bytes of a response to what it says; what no gate wrote is never taken for an acceptance."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from eventgate.client.answers import Answer, BatchAnswer, WriterResult
from eventgate.core.model import Outcome
from eventgate.errors import Problem

_MAY_PASS = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_RECEIPT = 16 * 1024
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class Reply(msgspec.Struct, frozen=True):
    """A response as it came. `retry_after` is the wait that it asks for, in seconds; `location` is where it leads."""

    status: int
    content: bytes = b""
    retry_after: float = 0.0
    location: str | None = None


def read_answer(reply: Reply, key: str, attempt: int) -> Answer:
    """The answer to a single event."""
    document = _document(reply)
    if document is None:
        problem = _foreign(reply.status)
        status = 0 if reply.status == 202 else reply.status
        return Answer(status=status, errors=(problem,), retryable=status in _MAY_PASS, key=key, attempts=attempt)
    answer = _item(document, reply.status)
    retryable, receipt = reply.status in _MAY_PASS, _receipt(document)
    return msgspec.structs.replace(answer, retryable=retryable, receipt=receipt, key=key, attempts=attempt)


def read_batch(reply: Reply, count: int, key: str, attempt: int) -> BatchAnswer:
    """The answer to a batch of `count` events; one that does not speak of each of them in order is no gate's."""
    document = _document(reply)
    items = None if document is None else document.get("results")
    if document is None or items is None:
        whole = read_answer(reply, key, attempt)
        if whole.accepted:
            whole = msgspec.structs.replace(whole, status=0, errors=(_foreign(reply.status),))
        return BatchAnswer(
            status=whole.status, results=(whole,) * count, errors=whole.errors, key=key, attempts=attempt
        )
    if not _is_complete(items, count):
        return read_batch(Reply(reply.status), count, key, attempt)
    results = tuple(
        msgspec.structs.replace(
            _item(item, item["status"]), retryable=item.get("retryable") is True, key=key, attempts=attempt
        )
        for item in items
    )
    receipt = _receipt(document)
    return BatchAnswer(status=reply.status, results=results, receipt=receipt, key=key, attempts=attempt)


def is_of_a_gate(reply: Reply) -> bool:
    """Whether the response has the form of a gate's."""
    return _document(reply) is not None


def wait_asked(header: str | None) -> float:
    """Seconds that a `Retry-After` header asks for; 0 without a usable one (RFC 9110, section 10.2.3)."""
    if header is None:
        return 0.0
    if header.isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _document(reply: Reply) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) and "success" in document else None


def _foreign(status: int) -> Problem:
    """A proxy's or some other server's answer: what it says is not ours to hand on."""
    return Problem("answer", f"status {status}, but not the answer of a gate; is the address right?")


def _is_complete(items: Any, count: int) -> bool:
    return (
        isinstance(items, list)
        and len(items) == count
        and all(
            isinstance(item, dict) and item.get("index") == index and isinstance(item.get("status"), int)
            for index, item in enumerate(items)
        )
    )


def _item(document: Mapping[str, Any], status: int) -> Answer:
    writers, errors = document.get("writers"), document.get("errors")
    event_id = document.get("event_id")
    return Answer(
        status=status,
        event_id=event_id if isinstance(event_id, str) else None,
        writers={name: _writer(result) for name, result in writers.items()} if isinstance(writers, dict) else {},
        errors=tuple(_problem(error) for error in errors if isinstance(error, dict))
        if isinstance(errors, list)
        else (),
    )


def _writer(result: Any) -> WriterResult:
    """A newer gate's outcome is UNKNOWN here, which claims nothing."""
    members = dict(result) if isinstance(result, dict) else {}
    outcome = _OUTCOMES.get(str(members.pop("outcome", "")), Outcome.UNKNOWN)
    return WriterResult(outcome, _text(members.pop("reason", None)), _text(members.pop("pointer", None)), members)


def _problem(error: Mapping[str, Any]) -> Problem:
    return Problem(
        type=_text(error.get("type")) or "answer",
        message=_text(error.get("message")) or "no reason given",
        reason=_text(error.get("reason")),
        pointer=_text(error.get("pointer")),
        keyword=_text(error.get("keyword")),
        property=_text(error.get("property")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _receipt(document: Mapping[str, Any]) -> str | None:
    """The answer's receipt, if it can stand in a header."""
    receipt = _text(document.get("receipt"))
    if not receipt or len(receipt) > _LONGEST_RECEIPT or not receipt.isascii() or not receipt.isprintable():
        return None
    return receipt
