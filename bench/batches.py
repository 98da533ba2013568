"""Batches of NDJSON to post: one event many times, each time with another id."""

from __future__ import annotations

from dataclasses import dataclass

from bench.load import Template, post
from bench.workload import TOPIC

EVENTS = 500
"""In each batch."""


@dataclass(frozen=True)
class BatchTemplate(Template):
    """A request with many events, each with an id of its own. `lines` has a place for each."""

    lines: bytes

    def render(self, number: int) -> bytes:
        """The request's bytes with event ids made from `number`."""
        return self.head + self.lines % tuple(range(number * EVENTS, (number + 1) * EVENTS))


def batch(token: str, event: bytes, event_id: bytes) -> BatchTemplate:
    """The request that posts `event` 500 times, each time with another id."""
    one = post(TOPIC, token, event, event_id)
    head, _, start = one.head.partition(b"\r\n\r\n")
    line = (start.replace(b"%", b"%%") + b"%036d" + one.tail.replace(b"%", b"%%") + b"\n") * EVENTS
    size = (len(event) + 1) * EVENTS
    head = head.replace(b"application/json", b"application/x-ndjson").replace(
        b"Content-Length: %d" % len(event), b"Content-Length: %d" % size
    )
    return BatchTemplate(head + b"\r\n\r\n", b"", line)
