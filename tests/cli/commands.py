"""The command as its users start it, and a gate that says what a test wants it to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("eventgate"))
PATIENCE_SECONDS = 60
_OURS = ("CONF_DIR", "EVENTGATE_TOKEN", "LOG_LEVEL")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """The one line of standard error, without what every error begins with."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("eventgate: ")
        return lines[0].removeprefix("eventgate: ")


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what commands read, and with `env`."""
    return {name: value for name, value in os.environ.items() if name not in _OURS} | dict(env or {})


def eventgate(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Ended:
    """Run `eventgate` to its end; never leaves a traceback."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        env=environment(env),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    err = done.stderr.decode()
    assert "Traceback" not in err or "--debug" in arguments, err
    return Ended(done.returncode, done.stdout.decode(), err)


@dataclass(frozen=True)
class Posted:
    """One request that the scripted gate got. `attempt` counts those with the same body."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int


@dataclass(frozen=True)
class Says:
    """One answer of the scripted gate; `document` None breaks the connection instead."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)


ACCEPTED = Says(
    202, {"success": True, "statusCode": 202, "event_id": "e", "writers": {"sqlite": {"outcome": "delivered"}}}
)


def refused(status: int, type: str, message: str = "no", **more: Any) -> Says:
    """An error of one entry."""
    error = {"type": type, "message": message, **more}
    return Says(status, {"success": False, "statusCode": status, "errors": [error]})


class ScriptedGate:
    """An HTTP server that answers every post as `answer` says, and remembers what it got."""

    def __init__(self, answer: Callable[[Posted], Says]) -> None:
        self.posts: list[Posted] = []
        self.connections = 0
        self.url = ""
        self._answer = answer
        self._lock = threading.Lock()

    def bodies(self) -> list[bytes]:
        """The bodies that came, sorted."""
        return sorted(post.body for post in self.posts)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Says:
        """Note a post and choose its answer."""
        with self._lock:
            attempt = 1 + sum(post.body == body for post in self.posts)
            self.posts.append(Posted(path, headers, body, attempt))
            return self._answer(self.posts[-1])


@contextmanager
def scripted_gate(answer: Callable[[Posted], Says]) -> Iterator[ScriptedGate]:
    """A scripted gate on a free port, until the block is left."""
    gate = ScriptedGate(answer)

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            gate.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            says = gate.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            if says.document is None:
                self.close_connection = True
                return
            content = says.document if isinstance(says.document, bytes) else json.dumps(says.document).encode()
            self.send_response(says.status)
            for name, value in {"Content-Length": str(len(content)), **says.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gate.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
