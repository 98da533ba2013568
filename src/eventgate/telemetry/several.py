"""Several instruments as one."""

from __future__ import annotations

import logging

from eventgate.core.instruments import Instruments, Trail

log = logging.getLogger("eventgate.instruments")


class Several:
    """Tells each of `parts`; one that fails does not keep the others, or the answer, from their work."""

    def __init__(self, *parts: Instruments) -> None:
        self._parts = parts

    def finished(self, trail: Trail) -> None:
        """Tell them of `trail`."""
        for part in self._parts:
            try:
                part.finished(trail)
            except Exception:
                log.exception("an instrument failed in a way it should not")


def together(*parts: Instruments | None) -> Instruments:
    """Those of `parts` that there are, as one."""
    present = [part for part in parts if part is not None]
    return present[0] if len(present) == 1 else Several(*present)
