"""What can go wrong between the gate and what it depends on."""

from __future__ import annotations

from eventgate.errors.base import EventGateError


class SourceError(EventGateError):
    """A file or address could not be read, or holds what it must not. The message names no address."""


class KeySetError(EventGateError):
    """Key material that holds no usable public key."""


class SchemaError(EventGateError):
    """A JSON Schema that cannot judge events. `pointer` is the place in the schema where known."""

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class SinkUnavailable(EventGateError):
    """A sink did not answer a writer's probe. The message is shown at `/health`: no addresses in it."""


class Unreachable(EventGateError):
    """A command cannot reach what it needs (exit code 3)."""
