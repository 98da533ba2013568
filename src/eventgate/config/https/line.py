"""Connections that another thread can cut."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """Holds on to the sockets of one fetch. Safe to use from any thread.

    Time-outs of sockets begin anew with every byte; so a slow server is stopped by cutting the line.
    """

    def __init__(self, timeout: float) -> None:
        """`timeout` (seconds) is how long one operation of a socket may take, should nobody cut the line."""
        self.timeout = timeout
        self._lock = threading.Lock()
        self._cut = False
        self._sockets: list[socket.socket] = []

    def hold(self, connected: socket.socket) -> socket.socket:
        """Take note of a new socket; raises `TimeoutError` if the line is cut already.

        A duplicate is kept: TLS takes the original's descriptor away.
        """
        with self._lock:
            if self._cut:
                connected.close()
                raise TimeoutError
            self._sockets.append(connected.dup())
            return connected

    def cut(self) -> None:
        """Shut down all connections: whoever waits for one of them wakes up. May be called again."""
        with self._lock:
            self._cut = True
            for held in self._sockets:
                with contextlib.suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)
                held.close()
            self._sockets.clear()
