"""What a subject may write to a topic: everything, or events whose fields match."""

from __future__ import annotations

from typing import Any, Final

import jsonschema_rs
import msgspec

from eventgate.core.json import scalar_text
from eventgate.core.pointer import MISSING, Pointer
from eventgate.errors import FieldForbidden

_LINEAR: Final = jsonschema_rs.RegexOptions()
"""Expressions that run in linear time; look-around and back references do not compile."""


class FullMatch:
    """A regular expression that must match a whole text; raises `ValueError` on construction if it is none."""

    __slots__ = ("_validator",)

    def __init__(self, pattern: str) -> None:
        _compile(pattern)  # by itself: or else `a)|(?:b` would slip out of the group around it
        try:
            self._validator = _compile(rf"\A(?:{pattern})\z")
        except ValueError:
            # With the x flag set, a comment at the end of the pattern swallows the group's end; a new line ends it.
            self._validator = _compile(f"\\A(?:{pattern}\n)\\z")

    def matches(self, text: str) -> bool:
        """Whether all of `text` matches."""
        return self._validator.is_valid(text)


def _compile(pattern: str) -> jsonschema_rs.Validator:
    schema = {"type": "string", "pattern": pattern}
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=_LINEAR, offline=True)
    except jsonschema_rs.ValidationError:
        raise ValueError("it is no regular expression, or one that cannot run in linear time") from None


class Constraint(msgspec.Struct, frozen=True):
    """One field whose text must match one of `patterns`. `field` is its name as configured."""

    field: str
    pointer: Pointer
    patterns: tuple[FullMatch, ...]

    def check(self, document: Any) -> None:
        """Raise `FieldForbidden` unless the field is there and matches."""
        named = isinstance(document, dict) or self.field.startswith("/")  # a member name is no index of an array
        value = self.pointer.resolve(document) if named else MISSING
        if value is MISSING:
            raise self._forbidden("must be present")
        text = scalar_text(value)
        if text is None:
            raise self._forbidden("must be a string, an integer or a boolean")
        if not any(pattern.matches(text) for pattern in self.patterns):
            raise self._forbidden("has a value that this subject may not send")

    def _forbidden(self, what: str) -> FieldForbidden:
        return FieldForbidden(f"the field {self.field} {what}", pointer=self.pointer.text)


class Grant(msgspec.Struct, frozen=True):
    """That a subject may write to a topic, within `constraints`; without any, everything."""

    constraints: tuple[Constraint, ...] = ()

    def check(self, document: Any) -> None:
        """Raise `FieldForbidden` for the first constraint that the event `document` does not meet."""
        for constraint in self.constraints:
            constraint.check(document)
