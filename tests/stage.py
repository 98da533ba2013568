"""API Gateway as its callers see it: HTTP below a stage, where each request is an invocation of the Lambda handler."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from eventgate.adapters.aws_lambda import Environment
from tests.aws_lambda.events import rest_api

STAGE: Final = "/DEV"


@contextmanager
def stage(conf: Path) -> Iterator[str]:
    """The address of the stage of a function with the configuration `conf`, in this process."""
    environment = Environment({"CONF_DIR": str(conf), "LOG_LEVEL": "ERROR"})

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            prefix, path = self.path[: len(STAGE)], self.path[len(STAGE) :]
            if prefix != STAGE:
                self._say(403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}))
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            answer: Any = environment.answer(rest_api(self.command, path, dict(self.headers), body or None), None)
            fields = {name: values[-1] for name, values in answer["multiValueHeaders"].items()}
            self._say(answer["statusCode"], fields, answer["body"])

        def do_POST(self) -> None:
            self.do_GET()

        def _say(self, status: int, fields: dict[str, str], text: str) -> None:
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{STAGE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        environment.close()
