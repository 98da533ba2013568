"""HTTP servers of a test's own, each in a thread."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

HOST: Final = "127.0.0.1"
LOOK_SECONDS: Final = 0.01
"""How often a server looks whether it is to stop: the library's half a second adds up over a thousand tests."""


class Exchange(BaseHTTPRequestHandler):
    """Requests on one connection, each answered in `reply`; it writes no log."""

    def do_GET(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def reply(self) -> None:
        """Answer the request that has just come, of whatever method."""
        raise NotImplementedError

    def body(self) -> bytes:
        """What came with the request; shorter than announced where the connection was cut."""
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def names(self) -> dict[str, str]:
        """The request's header fields, with their names in lower case."""
        return {name.lower(): value for name, value in self.headers.items()}

    def answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may have gone away: tests break connections on purpose."""


@contextmanager
def http_server(exchange: type[Exchange], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server on a free port, until the block is left; with `tls` it speaks https."""
    server = _Server((HOST, 0), exchange)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
