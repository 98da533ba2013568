"""A TCP proxy that tests disturb the wire with."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from tests.services.process import HOST, free_port

Direction = Literal["up", "down"]
"""up: from the client to the service; down: from the service to the client."""

_CHUNK = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Cut:
    """Ends a connection once `after` bytes have gone in `direction`, with the next one that comes."""

    direction: Direction
    after: int


class TcpProxy:
    """Carries connections to `host:port`; use it as a context manager, or call `close`.

    All changes hold for the connections there are and for those to come, and may be made from any thread.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self._lock = threading.Condition()
        self._links: set[_Link] = set()
        self._listeners: dict[int, tuple[socket.socket | None, tuple[str, int]]] = {}
        self._delay = 0.0
        self._dropped: Direction | None = None
        self._closed = False
        self._cuts: deque[Cut] = deque()
        self.port = 0
        while self.port not in self._listeners:  # another process may take a port between the search and the use
            self.port = free_port()
            with contextlib.suppress(OSError):
                self.also(self.port, self.target)

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open now."""
        with self._lock:
            return len(self._links)

    def also(self, port: int, target: tuple[str, int]) -> None:
        """Listen on `port` too, for `target`, under the same disturbances."""
        self._listeners[port] = (self._listen(port, target), target)

    def cut(self) -> None:
        """Close every connection and take no more: the service's host is gone."""
        with self._lock:
            listeners, links = dict(self._listeners), list(self._links)
        for port, (listener, target) in listeners.items():
            self._listeners[port] = (None, target)
            _shut(listener)
        for link in links:
            link.close()

    def restore(self) -> None:
        """Undo every disturbance."""
        self.drop(None)
        self.delay(0)
        for port, (listener, target) in dict(self._listeners).items():
            if listener is None:
                self.also(port, target)

    def reset(self) -> None:
        """Break every connection with a TCP reset; new ones are taken."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.reset()

    def delay(self, seconds: float) -> None:
        """Hold back what comes in either direction by `seconds`; 0 for none."""
        with self._lock:
            self._delay = seconds

    def drop(self, direction: Direction | None) -> None:
        """Carry nothing on in `direction`, while connections stay open; None: carry on, what was held back first.

        Nothing is lost from the stream, as in TCP, which sends again what a broken path swallowed.
        """
        with self._lock:
            self._dropped = direction
            self._lock.notify_all()

    def plan(self, cuts: Iterable[Cut]) -> None:
        """Cut connections to come: one of `cuts` for each, in order."""
        with self._lock:
            self._cuts.extend(cuts)

    def close(self) -> None:
        """End for good."""
        self._closed = True
        self.drop(None)
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hold(self, direction: Direction, link: _Link) -> None:
        """Wait as long as what goes in `direction` is to be held back."""
        with self._lock:
            delay = self._delay
        if delay:
            time.sleep(delay)
        with self._lock:
            self._lock.wait_for(lambda: self._dropped != direction or link.closed)

    def forget(self, link: _Link) -> None:
        """A connection has ended."""
        with self._lock:
            self._links.discard(link)
            self._lock.notify_all()

    def _listen(self, port: int, target: tuple[str, int]) -> socket.socket:
        listener = socket.create_server((HOST, port))
        threading.Thread(target=self._accept, args=(listener, target), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket, target: tuple[str, int]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client, target), daemon=True).start()

    def _connect(self, client: socket.socket, target: tuple[str, int]) -> None:
        try:
            service = socket.create_connection(target, timeout=10)
        except OSError:
            client.close()
            return
        service.settimeout(None)
        with self._lock:
            link = _Link(self, client, service, self._cuts.popleft() if self._cuts else None)
            self._links.add(link)
        link.run()


class _Link:
    """One connection through the proxy: two sockets, and a thread for each direction."""

    def __init__(self, proxy: TcpProxy, client: socket.socket, service: socket.socket, cut: Cut | None) -> None:
        self._proxy = proxy
        self._client = client
        self._service = service
        self.closed = False
        self._cut = cut
        for end in (client, service):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        ways: tuple[tuple[Direction, socket.socket, socket.socket], ...] = (
            ("up", self._client, self._service),
            ("down", self._service, self._client),
        )
        for way in ways:
            threading.Thread(target=self._carry, args=way, daemon=True).start()

    def close(self) -> None:
        """Close both ends and let every waiting thread of ours go."""
        self.closed = True
        for end in (self._client, self._service):
            _shut(end)
        self._proxy.forget(self)

    def reset(self) -> None:
        """Close both ends with RST instead of FIN (SO_LINGER with no time)."""
        self.closed = True
        for end in (self._client, self._service):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.close()
        self._proxy.forget(self)

    def _carry(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        left = self._cut.after if self._cut is not None and self._cut.direction == direction else None
        with contextlib.suppress(OSError, ValueError):
            while not self.closed:
                if not select.select([source], [], [], 0.2)[0]:
                    continue
                content = source.recv(_CHUNK)
                self._proxy.hold(direction, self)
                if not content or self.closed:
                    break
                if left is not None and len(content) > left:
                    sink.sendall(content[:left])
                    break
                left = None if left is None else left - len(content)
                sink.sendall(content)
        if not self.closed:
            self.close()


def _shut(end: socket.socket | None) -> None:
    if end is None:
        return
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
