"""The console of a development gate: a page on which one sees what arrives. Served by the issuer's process only."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from pathlib import Path
from typing import Final

import urllib3

from eventgate.dev.feed import Arrivals
from eventgate.dev.keys import DevKey
from eventgate.dev.samples import Samples
from eventgate.errors import EventGateError

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_FILES: Final = {
    "/": ("console.html", "text/html; charset=utf-8"),
    "/console.css": ("console.css", "text/css; charset=utf-8"),
    "/console.js": ("console.js", "text/javascript; charset=utf-8"),
}
_KEEP_ALIVE_SECONDS: Final = 10.0
"""How long a stream may be silent: browsers and the system notice a line that is gone only by writing to it."""
_POST_SECONDS: Final = 15.0
_TOKEN_SECONDS: Final = 300


class Console:
    """Shows what arrived and sends sample traffic, for the gate of `directory`. `gate` is its address once it is up."""

    def __init__(self, directory: Path, key: DevKey) -> None:
        self.arrivals = Arrivals()
        self.gate: str | None = None
        self._key = key
        self._samples = Samples(directory)
        self._pool = urllib3.PoolManager(retries=False, timeout=_POST_SECONDS)

    def answer(self, exchange: BaseHTTPRequestHandler, path: str) -> bool:
        """Answer the request at `path`; False where there is nothing. The caller has seen that it is no foreign one."""
        if exchange.command == "GET" and path in _FILES:
            name, media = _FILES[path]
            _send(exchange, 200, (files("eventgate.dev") / "console_page" / name).read_bytes(), media)
        elif exchange.command == "GET" and path == "/stream":
            self._stream(exchange)
        elif exchange.command == "GET" and path == "/about":
            self._about(exchange)
        elif exchange.command == "POST" and path == "/sample":
            self._sample(exchange)
        else:
            return False
        return True

    def _about(self, exchange: BaseHTTPRequestHandler) -> None:
        """Where the gate is, and whom its access rules name."""
        try:
            policy = self._samples.policy()
        except EventGateError as error:
            _tell(exchange, 503, {"message": str(error)})
            return
        subjects = {name: list(policy.access.subjects(name)) for name in sorted(policy.topics)}
        _tell(exchange, 200, {"gate": self.gate, "topics": subjects})

    def _sample(self, exchange: BaseHTTPRequestHandler) -> None:
        try:
            sent = self._send_samples()
        except (EventGateError, urllib3.exceptions.HTTPError) as error:
            known = isinstance(error, EventGateError)
            _tell(exchange, 503, {"message": str(error) if known else "the gate gave no answer"})
            return
        _tell(exchange, 200, {"sent": sent})

    def _send_samples(self) -> int:
        if self.gate is None:
            raise EventGateError("the gate is not up yet")
        samples = self._samples.some()
        for sample in samples:
            token = self._key.token(sample.subject, _TOKEN_SECONDS)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            self._pool.request("POST", self.gate + sample.path, body=sample.body, headers=headers)
        return len(samples)

    def _stream(self, exchange: BaseHTTPRequestHandler) -> None:
        """Server-sent events: one for each request that arrived, for as long as somebody listens."""
        last = exchange.headers.get("Last-Event-ID", "0")
        number = int(last) if last.isdecimal() and len(last) < 16 else 0
        _head(exchange, 200, "text/event-stream")
        exchange.end_headers()
        try:
            exchange.wfile.write(b": the console listens\n\n")
            while True:
                arrived = self.arrivals.after(number, _KEEP_ALIVE_SECONDS)
                for number, message in arrived:
                    exchange.wfile.write(f"id: {number}\ndata: {message}\n\n".encode("ascii"))
                if not arrived:
                    exchange.wfile.write(b": still there\n\n")
        except OSError:
            exchange.close_connection = True


def _tell(exchange: BaseHTTPRequestHandler, status: int, content: object) -> None:
    _send(exchange, status, json.dumps(content).encode(), "application/json")


def _send(exchange: BaseHTTPRequestHandler, status: int, body: bytes, media: str) -> None:
    _head(exchange, status, media)
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body)


def _head(exchange: BaseHTTPRequestHandler, status: int, media: str) -> None:
    exchange.send_response(status)
    exchange.send_header("Content-Type", media)
    exchange.send_header("Cache-Control", "no-store")
    exchange.send_header("Content-Security-Policy", _CSP)
    exchange.send_header("X-Content-Type-Options", "nosniff")
    exchange.send_header("Referrer-Policy", "no-referrer")
