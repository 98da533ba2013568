"""What a campaign writes down: each attempt to post, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec


class Key(NamedTuple):
    """An event as a sink can be asked for it; two documents under one id are two keys."""

    topic: str
    event_id: str
    sha256: str


class Said(msgspec.Struct, frozen=True):
    """The answer for one event: its status, each writer's outcome, the types of its errors.

    `places` is where it lies in those sinks that number what they hold, as the answer says it.
    """

    status: int
    outcomes: Mapping[str, str]
    errors: tuple[str, ...] = ()
    places: Mapping[str, int] = {}


class Attempt(msgspec.Struct, frozen=True):
    """One request of a client on its way to a gate. Times are those of one monotonic clock, in seconds.

    Attempts of one `submission` are a client's tries at the same post, one after the other.
    `arrived`: the gate may have read all of it. `said` has one entry for each event, none where no answer is known.
    `lost`: the client got no answer, whatever is known of it. `brought` and `given` are the receipts (any short name
    of them) of request and answer; `honoured` is whether the gate took the one that was brought.
    """

    number: int
    events: tuple[Key, ...]
    began: float
    ended: float
    submission: str = ""
    arrived: bool = True
    said: tuple[Said, ...] = ()
    lost: bool = False
    brought: str | None = None
    given: str | None = None
    honoured: bool = True


class _Begun(msgspec.Struct, frozen=True, tag="begun"):
    number: int
    events: tuple[Key, ...]
    began: float


class _Ended(msgspec.Struct, frozen=True, tag="ended"):
    attempt: Attempt


class Ledger:
    """A file of attempts: each is in it before a byte of it is sent, and again with its end. For many threads."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._count = 0

    def begin(self, events: tuple[Key, ...], began: float) -> int:
        """Note that these are about to be sent; the attempt's number."""
        with self._lock:
            self._count += 1
            number = self._count
            self._write(_Begun(number, events, began))
        return number

    def end(self, attempt: Attempt) -> None:
        """Note what came of it."""
        with self._lock:
            self._write(_Ended(attempt))

    def close(self) -> None:
        """Nothing more is noted."""
        self._file.close()

    def _write(self, record: _Begun | _Ended) -> None:
        self._file.write(msgspec.json.encode(record) + b"\n")


def read(file: Path) -> list[Attempt]:
    """All attempts of a ledger, in the order in which they began. One without an end may have arrived."""
    found: dict[int, Attempt] = {}
    decoder = msgspec.json.Decoder(_Begun | _Ended)
    for record in decoder.decode_lines(file.read_bytes()):
        if isinstance(record, _Ended):
            found[record.attempt.number] = record.attempt
        else:
            found[record.number] = Attempt(record.number, record.events, record.began, float("inf"), lost=True)
    return [found[number] for number in sorted(found)]
