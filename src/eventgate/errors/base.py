"""The root of the tree."""

from __future__ import annotations


class EventGateError(Exception):
    """Base of every error that this package raises on purpose."""
