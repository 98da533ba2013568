"""Requests that no gateway ever sees are told to those who watch the gate all the same."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from eventgate.telemetry.logs import JsonHandler
from tests.server.serving import Gate, connected, served

HEAD = b"GET / HTTP/1.1\r\nHost: g\r\n"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log of requests goes."""
    stream = io.StringIO()
    root, own = logging.getLogger(), logging.getLogger("eventgate")
    handlers, level = root.handlers, own.level
    root.handlers = [JsonHandler(stream)]
    own.setLevel(logging.INFO)
    yield stream
    root.handlers = handlers
    own.setLevel(level)


@pytest.mark.parametrize(
    ("sent", "level", "type"),
    [
        (b"NO REQUEST\r\n\r\n", "WARNING", "headers"),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "WARNING", "headers"),
        (HEAD + b"X-Filler: " + b"x" * 200_000, "WARNING", "headers"),
        (b"GET /defect HTTP/1.1\r\nHost: g\r\n\r\n", "ERROR", "internal"),
    ],
)
async def test_a_request_that_is_refused_on_the_wire_is_one_line(
    stream: io.StringIO, sent: bytes, level: str, type: str
) -> None:
    async with served(Gate()) as (_, port), connected(port) as (reader, writer):
        writer.write(sent)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 ")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (line,) = [each for each in lines if each["logger"] == "eventgate.request"]
    assert (line["level"], [error["type"] for error in line["errors"]]) == (level, [type])
    assert [each["level"] for each in lines].count("ERROR") == (level == "ERROR")
    assert "secret" not in stream.getvalue()
