"""A gate that says what a test wants it to say, over real HTTP."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.http_server import Exchange, http_server


@dataclass(frozen=True)
class Posted:
    """One request that the scripted gate got. `attempt` counts those with the same body."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int

    def lines(self) -> list[bytes]:
        """The events of a batch."""
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return [line for line in body.split(b"\n") if line.strip()]


@dataclass(frozen=True)
class Says:
    """One answer of the scripted gate; `document` None breaks the connection instead."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)


ACCEPTED = Says(
    202, {"success": True, "statusCode": 202, "event_id": "e", "writers": {"sqlite": {"outcome": "delivered"}}}
)


def refused(status: int, type: str, message: str = "no", **more: Any) -> Says:
    """An error of one entry."""
    error = {"type": type, "message": message, **more}
    return Says(status, {"success": False, "statusCode": status, "errors": [error]})


def each(answer: Callable[[Posted], Says]) -> Callable[[Posted], Says]:
    """Says `answer` of every event, whether it comes alone or in a batch.

    What breaks the connection or is no gate's answer, and what refuses every request (401, 404), holds for the batch.
    """

    def say(post: Posted) -> Says:
        if post.headers["content-type"] != "application/x-ndjson":
            return answer(post)
        items = [answer(replace(post, body=line)) for line in post.lines()]
        for item in items:
            if not isinstance(item.document, dict) or item.status in (401, 404):
                return item
        return batch(*items)

    return say


def batch(*items: Says, receipt: str | None = None) -> Says:
    """The answer to a batch of which each event has the answer given."""
    results = [
        {**item.document, "index": index, "status": item.status, "retryable": item.status in (429, 500, 503)}
        for index, item in enumerate(items)
    ]
    statuses = {item.status for item in items}
    status = statuses.pop() if len(statuses) == 1 else 207
    document = {"success": status == 202, "statusCode": status, "results": results}
    return Says(status, document if receipt is None else {**document, "receipt": receipt}, dict(items[0].headers))


class ScriptedGate:
    """An HTTP server that answers every post as `answer` says, and remembers what it got.

    `hold` is called before each answer is sent, in the thread of its connection.
    """

    def __init__(self, answer: Callable[[Posted], Says]) -> None:
        self.posts: list[Posted] = []
        self.connections = 0
        self.url = ""
        self.hold: Callable[[], object] = lambda: None
        self._answer = answer
        self._lock = threading.Lock()

    def bodies(self) -> list[bytes]:
        """The events that came, sorted, whether alone or in a batch."""
        is_batch = "application/x-ndjson"
        events = [post.lines() if post.headers["content-type"] == is_batch else [post.body] for post in self.posts]
        return sorted(event for group in events for event in group)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Says:
        """Note a post and choose its answer."""
        with self._lock:
            attempt = 1 + sum(post.body == body for post in self.posts)
            self.posts.append(Posted(path, headers, body, attempt))
            return self._answer(self.posts[-1])


@contextmanager
def scripted_gate(answer: Callable[[Posted], Says], tls: ssl.SSLContext | None = None) -> Iterator[ScriptedGate]:
    """A scripted gate on a free port, until the block is left; with `tls` it speaks https."""
    gate = ScriptedGate(answer)

    class Posts(Exchange):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            gate.connections += 1

        def reply(self) -> None:
            says = gate.take(self.path, self.names(), self.body())
            gate.hold()
            if says.document is None:
                self.close_connection = True
                return
            content = says.document if isinstance(says.document, bytes) else json.dumps(says.document).encode()
            self.answer(says.status, content, says.headers)

    with http_server(Posts, tls) as gate.url:
        yield gate
