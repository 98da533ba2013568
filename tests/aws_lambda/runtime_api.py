"""A stub of Lambda's Runtime API (version 2018-06-01): what a function's process polls for its invocations."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HOST: Final = "127.0.0.1"
MAX_PAYLOAD: Final = 6 * 1024 * 1024
"""Bytes of a synchronous invocation, request and response alike (AWS Lambda Developer Guide, "Lambda quotas")."""
_ROOT: Final = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """One invocation on its way to the function."""

    payload: bytes
    deadline_ms: int
    """Epoch milliseconds."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Reported:
    """What the function's process said of an invocation, or of its own start."""

    kind: str
    """`response`, `error`, `init error` or `too large`."""
    content: bytes

    def document(self) -> Any:
        """The JSON document that was sent."""
        return json.loads(self.content)


class RuntimeApi:
    """Serves one process at a time."""

    def __init__(self) -> None:
        self.reports: queue.Queue[Reported] = queue.Queue()
        """What the process said and nobody has read yet."""
        self.polling = threading.Event()
        """Set while the process waits for an invocation: the moment in which Lambda freezes it."""
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def hand_over(self, invocation: Invocation) -> None:
        """Let the process have this invocation with its next poll."""
        self._waiting.put(invocation)

    def next_report(self, seconds: float) -> Reported | None:
        """What the process says next; None if it says nothing for `seconds`."""
        try:
            return self.reports.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop serving."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self) -> Invocation | None:
        """The next invocation, for the process that polls; None at the end."""
        self.polling.set()
        invocation = self._waiting.get()
        self.polling.clear()
        return invocation


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            assert self.path == f"{_ROOT}/invocation/next"
            invocation = api.take()
            if invocation is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(invocation.payload)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.id)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:f")
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-67891233-abcdef012345678912345678;Sampled=0")
            self.end_headers()
            self.wfile.write(invocation.payload)

        def do_POST(self) -> None:
            content = self._content()
            kind = "init error" if self.path == f"{_ROOT}/init/error" else self.path.rpartition("/")[2]
            if kind == "response" and len(content) > MAX_PAYLOAD:
                api.reports.put(Reported("too large", b"{}"))
                self._answer(413, {"errorType": "RequestEntityTooLarge"})
                return
            api.reports.put(Reported(kind, content))
            self._answer(202, {"status": "OK"})

        def _content(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def _answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    return Handler


def deadline_in(seconds: float) -> int:
    """Epoch milliseconds, as the Runtime API tells a deadline."""
    return int((time.time() + seconds) * 1000)
