"""What came of reading a source: its content, or why there is none."""

from __future__ import annotations

import msgspec


class Unreadable(msgspec.Struct, frozen=True):
    """A source that could not be read, and why, without addresses."""

    reason: str


class Text(msgspec.Struct, frozen=True):
    """The content of a source."""

    content: bytes


Content = Text | Unreadable | None
"""None: there is no such file."""
