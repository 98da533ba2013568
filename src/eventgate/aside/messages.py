"""What a gate and the processes that judge for it say to each other: messages with their length in front."""

from __future__ import annotations

from typing import Final

import msgspec

from eventgate.core.topics import SchemaSource
from eventgate.errors import Problem

LENGTH_BYTES: Final = 4
"""A message begins with its length, an unsigned big-endian number."""


class Question(msgspec.Struct, frozen=True):
    """Does `event`, one JSON document, match the schema? After `seconds` nobody wants to know any more."""

    schema: SchemaSource
    event: bytes
    seconds: int


class Verdict(msgspec.Struct, frozen=True):
    """The answer: no `problems` where the event matches; `truncated` as in `InvalidEvent`."""

    problems: tuple[Problem, ...] = ()
    truncated: bool = False


_encode = msgspec.msgpack.Encoder().encode
read_question = msgspec.msgpack.Decoder(Question).decode
read_verdict = msgspec.msgpack.Decoder(Verdict).decode


def framed(message: Question | Verdict) -> bytes:
    """`message` as it is sent."""
    content = _encode(message)
    return len(content).to_bytes(LENGTH_BYTES, "big") + content
