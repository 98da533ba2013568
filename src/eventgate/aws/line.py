"""The wire of one call: what can be cut at any moment, and knows whether anything of a request went out."""

from __future__ import annotations

import contextlib
import os
import socket
import threading


class LineCut(Exception):
    """The caller has given up: nothing may be sent any more."""


class Line:
    """Holds on to the sockets of one call. Safe to use from any thread.

    A client's own timeouts begin anew with every byte, and a thread that looks a name up cannot be stopped at all; but
    once its line is cut it sends nothing. After `cut`, `sent` is final.
    """

    def __init__(self) -> None:
        self.sent = False
        """Whether bytes of a request may have gone out."""
        self._lock = threading.Lock()
        self._over = False
        self._cut = False
        self._sockets: list[socket.socket] = []

    def hold(self, connected: socket.socket) -> None:
        """Take note of a socket in use; raises `LineCut`."""
        with self._lock:
            self._check()
            self._sockets.append(socket.socket(fileno=os.dup(connected.fileno())))

    def begin(self) -> None:
        """Say that a request goes out now; raises `LineCut`."""
        with self._lock:
            self._check()
            self.sent = True

    def forget(self) -> None:
        """Let go of the sockets, which may be used for other calls from now on."""
        with self._lock:
            self._over = True
            self._drop()

    def cut(self) -> None:
        """Shut down every connection still in use: whoever waits for one wakes up. May be called again."""
        with self._lock:
            if self._over:
                return
            self._cut = True
            for held in self._sockets:
                with contextlib.suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)
            self._drop()

    def _check(self) -> None:
        if self._cut:
            raise LineCut

    def _drop(self) -> None:
        for held in self._sockets:
            held.close()
        self._sockets.clear()
