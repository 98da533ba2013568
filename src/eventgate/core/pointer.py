"""JSON Pointer (RFC 6901)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

MISSING: Final = object()
"""What a pointer to nothing resolves to."""

_INDEX = re.compile(r"0|[1-9][0-9]*")
_BAD_ESCAPE = re.compile(r"~(?![01])")


class Pointer:
    """A parsed JSON Pointer; raises `ValueError` on construction where `text` is none."""

    __slots__ = ("_member", "text", "tokens")

    def __init__(self, text: str) -> None:
        if text and not text.startswith("/"):
            raise ValueError("a JSON Pointer is empty or starts with /")
        if _BAD_ESCAPE.search(text):
            raise ValueError("in a JSON Pointer, ~ is written ~0 and / within a name ~1")
        self.text = text
        self.tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])
        self._member = self.tokens[0] if len(self.tokens) == 1 else None

    def resolve(self, document: Any) -> Any:
        """The value in `document` that this points to, or `MISSING`."""
        if self._member is not None and isinstance(document, dict):
            return document.get(self._member, MISSING)
        value = document
        for token in self.tokens:
            if isinstance(value, dict):
                value = value.get(token, MISSING)
            elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
                value = value[int(token)]
            else:
                return MISSING
        return value

    def __repr__(self) -> str:
        return f"Pointer({self.text!r})"


def join(tokens: Iterable[str | int]) -> str:
    """The JSON Pointer that names `tokens`, from the root down."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
