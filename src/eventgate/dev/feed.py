"""What the gate tells the console of: each post, with its payload, over a socket that never makes it wait."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from threading import Condition
from typing import Any, Final

from eventgate.core.instruments import Trail

_PAYLOAD_BYTES: Final = 16 * 1024
"""How much of a payload is told."""
_MOST_PROBLEMS: Final = 20
_LARGEST: Final = 128 * 1024
"""Of one message, in bytes."""
_KEPT: Final = 500
"""Requests that are remembered."""
_WATCHED: Final = ("/topics/{topic}", "/topics/{topic}/validate")


def feed_line() -> tuple[socket.socket, socket.socket]:
    """The gate's end and the console's; each message is one request."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ends[0].setblocking(False)
    return ends


class Feed:
    """An instrument that tells `line` of posts. What finds no room, because nobody reads, is left out."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def finished(self, trail: Trail) -> None:
        """Tell of `trail`, if it was a post to a topic."""
        if trail.method == "POST" and trail.route in _WATCHED:
            message = json.dumps(_told(trail)).encode()
            with suppress(OSError):
                self._line.send(message if len(message) <= _LARGEST else json.dumps(_told(trail, short=True)).encode())


def _told(trail: Trail, *, short: bool = False) -> dict[str, Any]:
    payload = trail.payload
    return {
        "at": time.time(),
        "checked": trail.route != _WATCHED[0],
        "topic": trail.topic,
        "subject": trail.subject,
        "event_id": trail.event_id,
        "status": trail.status,
        "milliseconds": round(trail.seconds * 1000, 1),
        "problems": [
            {"type": each.type, "message": each.message[:500], "reason": each.reason, "pointer": each.pointer}
            for each in trail.problems[: 0 if short else _MOST_PROBLEMS]
        ],
        "writers": {name: {"outcome": each.outcome, "reason": each.reason} for name, each in trail.results.items()},
        "items": {str(status): count for status, count in trail.items.items()},
        "payload": None if payload is None or short else payload[:_PAYLOAD_BYTES].decode("utf-8", "replace"),
        "bytes": None if payload is None else len(payload),
    }


class Arrivals:
    """The latest requests, numbered in the order of their coming; for threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._latest: list[tuple[int, str]] = []
        self._number = 0

    def add(self, message: bytes) -> None:
        """Remember a message of the feed."""
        with self._changed:
            self._number += 1
            self._latest = [*self._latest[1 - _KEPT :], (self._number, message.decode("ascii"))]
            self._changed.notify_all()

    def after(self, number: int, seconds: float) -> list[tuple[int, str]]:
        """Those that came after `number`; waits up to `seconds` for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number, seconds)
            return [each for each in self._latest if each[0] > number]

    def listen(self, line: socket.socket) -> None:
        """Remember each message that comes over `line`, until an empty one, or the line's end."""
        while message := line.recv(_LARGEST):
            self.add(message)
