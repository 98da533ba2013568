"""Ctrl-C and SIGTERM while events are under way."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from eventgate.cli.sending.run import Sending


@contextmanager
def interruptible(sending: Sending) -> Iterator[None]:
    """The first signal lets what is under way be answered; a second one, or one while input is waited for, does not."""
    seen = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen or sending.is_reading:
            raise KeyboardInterrupt
        seen = True
        sending.interrupt()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
