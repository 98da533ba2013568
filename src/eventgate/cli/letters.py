"""Dead letters on the command line: what is read of a time, and printed of a letter."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from eventgate.core.clock import timestamp
from eventgate.spool.entries import DeadLetter
from eventgate.spool.replay import Replayed

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO: Final = re.compile(r"(\d+)([smhd])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LAYOUT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def moment(text: str) -> float:
    """The time that `text` names, in epoch seconds: a date, a date and time (UTC unless it says otherwise), or how long
    ago. Raises `ValueError`.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        return time.time() - int(ago[1]) * _UNITS[ago[2]]
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def described(letter: DeadLetter) -> dict[str, Any]:
    """What is known of a letter, for programs; without the event."""
    event = letter.event
    return {
        "id": letter.id,
        "topic": event.topic,
        "event_id": event.event_id,
        "writer": letter.writer,
        "why": letter.why,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "subject": event.subject,
        "key": event.key,
        "received_at": timestamp(event.received_at),
        "deferred_at": timestamp(letter.deferred_at),
        "died_at": timestamp(letter.died_at),
        "correlation_id": event.correlation_id,
        "traceparent": event.traceparent,
        "bytes": len(event.body),
    }


def with_event(letter: DeadLetter) -> dict[str, Any]:
    """The same with the event: `event` byte for byte, or `event_base64` where it is no JSON."""
    try:
        msgspec.json.decode(letter.event.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {**described(letter), "event_base64": base64.b64encode(letter.event.body).decode()}
    return {**described(letter), "event": msgspec.Raw(letter.event.body)}


def line(letter: DeadLetter) -> str:
    """One line for people."""
    event = letter.event
    reason = f": {letter.reason}" if letter.reason else ""
    place = letter.writer or "the gate"
    return f"{letter.id}  {timestamp(letter.died_at)}  {event.topic}  {event.event_id}  {place}  {letter.why}{reason}"


def in_full(letter: DeadLetter) -> str:
    """All of it for people, the event at the end. Whoever sent it has no say over the terminal."""
    known = {name: value for name, value in described(letter).items() if value is not None}
    told = "\n".join(f"{name}: {_CONTROL.sub(_escaped, str(value))}" for name, value in known.items())
    return f"{told}\n\n{_CONTROL_BUT_LAYOUT.sub(_escaped, letter.event.body.decode(errors='replace'))}"


def _escaped(control: re.Match[str]) -> str:
    return f"\\x{ord(control[0]):02x}"


def outcome_line(replayed: Replayed, *, dry_run: bool) -> str:
    """What became of a letter, for people."""
    event = replayed.letter.event
    fate = f"would be {replayed.fate}" if dry_run else replayed.fate.replace("failed", "not delivered")
    reason = f": {replayed.reason}" if replayed.reason else ""
    place = f" by {replayed.writer}" if replayed.writer and replayed.fate != "replayed" else ""
    to = f" to {replayed.writer}" if replayed.writer and replayed.fate == "replayed" else ""
    return f"{replayed.letter.id}  {event.topic}  {event.event_id}  {fate}{to}{place}{reason}"


def outcomes_document(told: Sequence[Replayed], drained: int, *, dry_run: bool) -> dict[str, Any]:
    """What became of all, for programs."""
    fates = [each.fate for each in told]
    return {
        "dry_run": dry_run,
        "deferred_done": drained,
        "replayed": fates.count("replayed"),
        "refused": fates.count("refused"),
        "failed": fates.count("failed"),
        "letters": [
            {
                "id": each.letter.id,
                "topic": each.letter.event.topic,
                "event_id": each.letter.event.event_id,
                "writer": each.writer,
                "outcome": each.fate,
                "reason": each.reason,
            }
            for each in told
        ],
    }
