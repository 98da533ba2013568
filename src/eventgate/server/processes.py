"""What the processes of a server do, and what each of them holds."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

import msgspec

from eventgate.core.instruments import Instruments
from eventgate.server.generation import Generation
from eventgate.server.link import Link
from eventgate.server.listener import Listener
from eventgate.server.worker import WorkerOptions, run_worker


class Processes:
    """The work of the workers, and of the process that serves metrics on `page`, if there is one.

    For each worker's place there is one line to that process. All of them are kept open here, so that whoever comes
    to fill a place finds its end.
    """

    def __init__(
        self,
        conf: str,
        listener: Listener,
        page: Listener | None,
        tls_cert: str | None,
        tls_key: str | None,
        workers: int,
        watch: Instruments | None = None,
    ) -> None:
        self._listener = listener
        self._page = page
        self._options = WorkerOptions(conf, listener.sockets, Generation(), tls_cert, tls_key, watch=watch)
        self._lines = [] if page is None else [_line() for _ in range(workers)]
        ends = [None] * workers if page is None else [theirs for _, theirs in self._lines]
        self.workers: Sequence[Callable[[Link], int]] = [self._worker(end) for end in ends]
        self.beside: Sequence[Callable[[Link], int]] = [] if page is None else [self._exposition]

    def _worker(self, report: socket.socket | None) -> Callable[[Link], int]:
        options = msgspec.structs.replace(self._options, report=report)

        def work(link: Link) -> int:
            if self._page is not None:
                _let_go(self._page.sockets)
            return run_worker(options, link)

        return work

    def _exposition(self, link: Link) -> int:
        from eventgate.server.exposition import run_exposition  # loads what only this process needs

        _let_go(self._listener.sockets)
        sockets = [] if self._page is None else self._page.sockets
        return run_exposition(sockets, [ours for ours, _ in self._lines], link)


def _line() -> tuple[socket.socket, socket.socket]:
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    return ends


def _let_go(sockets: Sequence[socket.socket]) -> None:
    """In a process just forked: close what is another's."""
    for each in sockets:
        each.close()
