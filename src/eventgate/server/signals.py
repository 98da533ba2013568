"""Signals that a process without an event loop can wait for, together with file descriptors."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
"""What the parent acts on."""
HURRY = signal.SIGUSR1
"""What the parent sends to workers that are to drop what they are doing."""


@contextmanager
def watched_signals() -> Iterator[socket.socket]:
    """A socket from which the numbers of the watched signals can be read, a byte each, until the block is left."""
    receiving, sending = socket.socketpair()
    receiving.setblocking(False)
    sending.setblocking(False)
    before = {number: signal.signal(number, _noted) for number in WATCHED}
    wakeup = signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    try:
        yield receiving
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, action in before.items():
            signal.signal(number, action)
        receiving.close()
        sending.close()


@contextmanager
def held_back() -> Iterator[None]:
    """No signal is acted on while a worker is forked: until it has its own handlers, it would act as the parent."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (*WATCHED, HURRY))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def forget_parents_signals() -> None:
    """In a worker just forked: no handler of the parent's. Signals stay held back until `let_through`.

    SIGINT is not for workers: a terminal sends it to all processes, and the parent says what is to be done.
    """
    signal.set_wakeup_fd(-1)
    for number in WATCHED:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def let_through() -> None:
    """In a worker that has its handlers: act on signals from now on."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*WATCHED, HURRY))


def _noted(number: int, frame: object) -> None:
    """Python must have a handler for the wake-up socket to be written to."""
