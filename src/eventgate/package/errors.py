"""What can keep a package from being built."""

from __future__ import annotations

from eventgate.errors import EventGateError


class NotPackaged(EventGateError):
    """The package cannot be built; the message is one line that says why and, where there is one, the way out."""
