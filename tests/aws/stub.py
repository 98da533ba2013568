"""A server that speaks EventBridge's protocol (AWS JSON 1.1) and answers as it is told, right or wrong."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
Entry = Mapping[str, Any]


class Answer:
    """What the stub does with one PutEvents request. `codes`: for each entry its error code, None to take it."""

    def __init__(self, *codes: str | None, status: int = 200, code: str | None = None) -> None:
        self.codes = codes
        self.status = status
        self.code = code


class Silence(Answer):
    """No answer until the stub is released; the entries are taken first, or not."""

    def __init__(self, *, take: bool) -> None:
        super().__init__()
        self.take = take


class Hangup(Silence):
    """The connection is closed without an answer."""


class EventsStub:
    """A bus. `requests` holds what each PutEvents request held, `taken` the entries that are on the bus.

    `script` says what happens to the next requests, one each; without any, all is taken.
    """

    def __init__(self) -> None:
        self.requests: list[list[Entry]] = []
        self.taken: list[Entry] = []
        self.headers: list[Mapping[str, str]] = []
        self.connections = 0
        self.script: deque[Answer] = deque()
        self.always: Answer | None = None
        self.arrived = threading.Event()
        """Set when a PutEvents request has been read."""
        self.released = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Take only TLS connections from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{HOST}:{self.port}"

    def close(self) -> None:
        """Let everybody go, and stop."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def next_answer(self) -> Answer:
        """What is to happen to the request that has just been read."""
        return self.script.popleft() if self.script else self.always or Answer()


@contextlib.contextmanager
def events_stub() -> Iterator[EventsStub]:
    """A stub until the block is left."""
    stub = EventsStub()
    try:
        yield stub
    finally:
        stub.close()


def _handler(stub: EventsStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece: else the kernel waits for an acknowledgement between them

        def setup(self) -> None:
            super().setup()
            stub.connections += 1

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            stub.headers.append(dict(self.headers))
            if self.headers["X-Amz-Target"] == "AWSEvents.PutEvents":
                self._put(json.loads(content)["Entries"])
            elif isinstance(stub.always, Silence):
                self.close_connection = True
            else:
                self._answer(200, {"Name": "bus"})

        def _put(self, entries: list[Entry]) -> None:
            stub.requests.append(entries)
            answer = stub.next_answer()
            if isinstance(answer, Silence):
                stub.taken.extend(entries if answer.take else ())
                stub.arrived.set()
                if not isinstance(answer, Hangup):
                    stub.released.wait()
                self.close_connection = True
                return
            stub.arrived.set()
            if answer.code is not None:
                self._answer(answer.status, {"__type": answer.code, "message": "hush"})
                return
            codes = answer.codes or (None,) * len(entries)
            stub.taken.extend(entry for entry, code in zip(entries, codes, strict=True) if code is None)
            results = [{"ErrorCode": code, "ErrorMessage": "hush"} if code else _taken() for code in codes]
            self._answer(200, {"FailedEntryCount": sum(map(bool, codes)), "Entries": results})

        def _answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _taken() -> dict[str, str]:
    return {"EventId": str(uuid.uuid4())}
