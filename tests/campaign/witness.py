"""What stands between the clients and the gates, like a load balancer, and writes down all that passes."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import msgspec

from tests.campaign.records import Attempt, Ledger
from tests.campaign.wire import answers_in, events_in, short
from tests.services.process import HOST

PATIENCE_SECONDS = 15.0
"""Longer than a gate takes for an answer, even if it is paused meanwhile."""

Fate = Literal["carried", "request torn", "answer thrown away"]
"""What becomes of a request: carried on with its answer; cut off half-way to the gate; its answer never handed back."""
HARM: Sequence[Fate] = ("request torn", "answer thrown away")


@dataclass(frozen=True)
class Heard:
    """A gate's answer."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Witness:
    """Listens at `url` and hands each request to one of `gates` (ports of this machine), drawn by `seed`.

    Of a thousand requests, `per_mille` meet each kind of `harm`, until `calm` is called.
    """

    def __init__(
        self, ledger: Ledger, gates: Sequence[int], seed: str, harm: Sequence[Fate] = HARM, per_mille: int = 15
    ) -> None:
        self.ledger = ledger
        self.statuses: Counter[str] = Counter()
        self.fates: Counter[Fate] = Counter()
        self._gates = gates
        self._random = random.Random(seed)  # noqa: S311  a plan that can be repeated, no secret
        self._harm = harm
        self._per_mille = per_mille
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://{HOST}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def calm(self) -> None:
        """Carry everything from now on."""
        self._harm = ()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def draw(self) -> tuple[Fate, list[int]]:
        """A request's fate, and the ports of the gates in the order in which they are tried."""
        with self._lock:
            drawn, ports = self._random.randrange(1000), self._random.sample(self._gates, len(self._gates))
            kind = drawn // self._per_mille
            fate: Fate = self._harm[kind] if kind < len(self._harm) else "carried"
            self.fates[fate] += 1
        return fate, ports

    def count(self, attempt: Attempt) -> None:
        """Note how it ended."""
        with self._lock:
            missing = "no answer" if attempt.arrived else "did not arrive"
            heard = [str(said.status) for said in attempt.said]
            self.statuses.update([missing] * len(attempt.events) if attempt.lost else heard)


class _Line(contextlib.AbstractContextManager["_Line"]):
    """A client's own connections to the gates, kept alive like its own one to us."""

    def __init__(self) -> None:
        self._open: dict[int, http.client.HTTPConnection] = {}

    def __exit__(self, *_: object) -> None:
        for port in tuple(self._open):
            self.drop(port)

    def to(self, ports: Sequence[int]) -> tuple[int, http.client.HTTPConnection]:
        """A connection to the first of them that takes one, and which; raises `OSError` where none does."""
        for port in ports:
            if port not in self._open:
                connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
                with contextlib.suppress(OSError):
                    connection.connect()
                    self._open[port] = connection
            if port in self._open:
                return port, self._open[port]
        raise ConnectionRefusedError

    def drop(self, port: int) -> None:
        """Close the connection."""
        if port in self._open:
            self._open.pop(port).close()


def _handler(witness: Witness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.line = _Line()

        def finish(self) -> None:
            self.line.__exit__()
            super().finish()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            events = events_in(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            began = time.monotonic()
            number = witness.ledger.begin(events, began)
            fate, ports = witness.draw()
            arrived, heard = self._pass_on(fate, ports, body)
            lost = heard is None or fate == "answer thrown away"
            attempt = self._attempt(Attempt(number, events, began, time.monotonic(), arrived=arrived, lost=lost), heard)
            witness.ledger.end(attempt)
            witness.count(attempt)
            if heard is None or lost:
                self.close_connection = True
            else:
                self._hand_back(heard)

        def _pass_on(self, fate: Fate, ports: Sequence[int], body: bytes) -> tuple[bool, Heard | None]:
            """Whether the gate may have all of it, and its answer."""
            try:
                port, connection = self.line.to(ports)
            except OSError:
                return False, None
            try:
                with _dropped_on_failure(self.line, port):
                    connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    if fate == "request torn":
                        connection.endheaders(body[: len(body) // 2])
                        raise ConnectionAbortedError
                    connection.endheaders(body)
                    response = connection.getresponse()
                    heard = Heard(response.status, response.getheaders(), response.read())
            except (OSError, http.client.HTTPException):
                return fate != "request torn", None
            return True, heard

        def _attempt(self, attempt: Attempt, heard: Heard | None) -> Attempt:
            brought, submission = short(self.headers.get("EventGate-Receipt")), self.headers["Idempotency-Key"]
            attempt = msgspec.structs.replace(attempt, submission=submission, brought=brought)
            if heard is None:
                return attempt
            said, given, honoured = answers_in(heard.status, heard.body, len(attempt.events))
            return msgspec.structs.replace(attempt, said=said, given=given, honoured=honoured)

        def _hand_back(self, heard: Heard) -> None:
            self.send_response_only(heard.status)
            for name, value in heard.headers:
                if name.lower() != "connection":
                    self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(heard.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    return Handler


@contextlib.contextmanager
def _dropped_on_failure(line: _Line, port: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        line.drop(port)
        raise
