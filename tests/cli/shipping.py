"""A file to send, and a model gate to send it to."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import Ended, eventgate
from tests.client.model_gate import ModelGate

TOKEN = {"EVENTGATE_TOKEN": "t"}
PATIENCE_SECONDS = 60


def write(path: Path, count: int, *, bad_every: int = 0) -> list[bytes]:
    """A file of `count` different events, and those of them that are good."""
    events = [b'{"n":%d}' % n if not bad_every or n % bad_every else b'{"bad":%d}' % n for n in range(count)]
    path.write_bytes(b"".join(event + b"\n" for event in events))
    return [event for event in events if b"bad" not in event]


def send(gate: ModelGate, file: Path, *arguments: str | Path) -> Ended:
    return eventgate("send", "orders", file, "--url", gate.url, *arguments, env=TOKEN)
