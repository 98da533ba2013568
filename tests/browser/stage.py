"""The Lambda handler behind an API Gateway stage: what a browser asks for below `/prod` becomes an invocation."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eventgate.adapters.aws_lambda import Environment

STAGE = "prod"


@contextmanager
def staged(conf: Path) -> Iterator[str]:
    """The address of the stage, without a slash at its end; the gate has the configuration in `conf`."""
    environment = Environment({"CONF_DIR": str(conf), "LOG_LEVEL": "CRITICAL"})

    class Gateway(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._invoke()

        def do_POST(self) -> None:
            self._invoke()

        def _invoke(self) -> None:
            outer = urlsplit(self.path).path
            path = outer.removeprefix(f"/{STAGE}") or "/"
            length = int(self.headers.get("Content-Length", "0"))
            invocation = {
                "resource": path,
                "path": path,
                "httpMethod": self.command,
                "headers": dict(self.headers.items()),
                "requestContext": {"stage": STAGE, "path": outer},
                "body": self.rfile.read(length).decode() if length else None,
                "isBase64Encoded": False,
            }
            self._send(environment.answer(invocation, None))

        def _send(self, answer: dict[str, Any]) -> None:
            body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, values in answer["multiValueHeaders"].items():
                for value in values:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{STAGE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        environment.close()
