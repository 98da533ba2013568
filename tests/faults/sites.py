"""A server process on real sinks, and requests to it that are held half-way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from tests.deployment import Deployment, deployment
from tests.faults.sinks import Sinks
from tests.wire import Connection

SCHEMA = {"type": "object", "properties": {"event_id": {"type": "string"}}, "required": ["event_id"]}


@contextmanager
def site(folder: Path, sinks: Sinks, limits: Mapping[str, float], **topics: Mapping[str, Any]) -> Iterator[Deployment]:
    """A configuration with the writers of `sinks`, SQLite, and `topics`, each given as its `writers` and more."""
    with deployment(folder) as site:
        site.config["writers"] = {**sinks.writers, "sqlite": {}}
        site.config["limits"] = dict(limits)
        site.config["topics"] = {
            name: {"schema": SCHEMA, "event_id": "/event_id", **topic} for name, topic in topics.items()
        }
        site.access = {name: ["alice"] for name in topics}
        site.write()
        yield site


def document(event_id: str, **members: Any) -> bytes:
    """An event."""
    return json.dumps({"event_id": event_id, **members}).encode()


def head(site: Deployment, topic: str, body: bytes, *fields: str) -> bytes:
    """The head of the request that posts `body`."""
    lines = [
        f"POST /topics/{topic} HTTP/1.1",
        "Host: gate",
        f"Authorization: {site.bearer()}",
        f"Content-Length: {len(body)}",
        *fields,
    ]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def begun(port: int, site: Deployment, topic: str, body: bytes) -> Connection:
    """A connection whose request the gate has begun to read: its body is still to be sent."""
    connection = Connection(port)
    connection.send(head(site, topic, body, "Expect: 100-continue"))
    assert connection.line() == b"HTTP/1.1 100 Continue\r\n"
    assert connection.line() == b"\r\n"
    return connection


def post(port: int, site: Deployment, topic: str, body: bytes) -> tuple[int, Any]:
    """Status and document of the gate's answer."""
    with closing(Connection(port)) as connection:
        connection.send(head(site, topic, body) + body)
        answer = connection.answer()
    return answer.status, json.loads(answer.body)


def post_at_once(port: int, site: Deployment, topic: str, bodies: Sequence[bytes]) -> list[tuple[int, Any]]:
    """The answers to posts of which all have begun before the first can end."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(begun(port, site, topic, body))) for body in bodies]
        for connection, body in zip(connections, bodies, strict=True):
            connection.send(body)
        answers = [connection.answer() for connection in connections]
    return [(answer.status, json.loads(answer.body)) for answer in answers]
