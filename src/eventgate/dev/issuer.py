"""The development token issuer: signs a token for whoever asks, hence for this machine only."""

from __future__ import annotations

import ipaddress
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from eventgate.dev import DEFAULT_TTL_SECONDS, MAX_TTL_SECONDS
from eventgate.dev.console import Console
from eventgate.dev.keys import DevKey
from eventgate.errors import EventGateError

DEFAULT_PORT = 8089
WARNING = "FOR DEVELOPMENT ONLY: this issuer gives anyone who asks a token for any name"

_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class Issuer:
    """Serves `/keys` (the JWK Set), `/token?sub=NAME[&ttl=SECONDS]` and the `console` on a thread of its own.

    Binds on construction: `port` 0 takes a free one. Raises `EventGateError` where `host` is not a loopback address
    and `OSError` where the port is taken. `close` ends it.
    """

    def __init__(
        self, key: DevKey, port: int = DEFAULT_PORT, host: str = "127.0.0.1", console: Console | None = None
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise EventGateError("the development issuer listens on a loopback address only")
        self._server = _Server((host, port), _Exchange)
        self._server.key = key
        self._server.console = console
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address of the issuer, without a path."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    key: DevKey
    console: Console | None


class _Exchange(BaseHTTPRequestHandler):
    """One request to the issuer."""

    server: _Server
    timeout = 10
    server_version = "eventgate-dev-issuer"
    sys_version = ""

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        if not self._is_local():
            self._answer(403, "this issuer answers only at its loopback address\n")
        elif not self._is_own():
            self._answer(403, "this issuer answers no requests that other pages make\n")
        elif target.path == "/keys":
            self._answer(200, json.dumps(self.server.key.key_set()), "application/json")
        elif target.path == "/token":
            self._token(target.query)
        elif self.server.console is None or not self.server.console.answer(self, target.path):
            self._answer(404, "GET /keys, or /token?sub=NAME\n")

    do_POST = do_GET  # noqa: N815  # the name that http.server looks for

    def _is_local(self) -> bool:
        # A page on the web could have its host name resolve to 127.0.0.1 and read tokens (DNS rebinding).
        name = urlsplit("//" + self.headers.get("Host", "")).hostname
        return name in _LOCAL_NAMES

    def _is_own(self) -> bool:
        # What browsers say of a request's origin no page can change. To be led here by a link is harmless.
        site = self.headers.get("Sec-Fetch-Site", "none")
        leads_here = self.command == "GET" and self.headers.get("Sec-Fetch-Dest") == "document"
        if site not in ("none", "same-origin") and not leads_here:
            return False
        own = "http://" + self.headers.get("Host", "")
        return self.headers.get("Origin", own) == own

    def _token(self, query: str) -> None:
        fields = parse_qs(query)
        subject = fields.get("sub", [""])[0]
        ttl = fields.get("ttl", [str(DEFAULT_TTL_SECONDS)])[0]
        if not subject and self.server.console is not None and "text/html" in self.headers.get("Accept", ""):
            self._lead_to_console()
        elif not subject:
            self._answer(400, "say for whom: /token?sub=NAME\n")
        elif not ttl.isdecimal() or not 1 <= int(ttl) <= MAX_TTL_SECONDS:
            self._answer(400, f"ttl is a number of seconds, 1 to {MAX_TTL_SECONDS}\n")
        else:
            self._send_token(self.server.key.token(subject, int(ttl)), int(ttl))

    def _lead_to_console(self) -> None:
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_token(self, token: str, ttl: int) -> None:
        if "application/json" in self.headers.get("Accept", ""):
            grant = {"access_token": token, "token_type": "Bearer", "expires_in": ttl}
            self._answer(200, json.dumps(grant), "application/json")
        else:
            self._answer(200, token + "\n")

    def _answer(self, status: int, text: str, media: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Warning", WARNING)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request line may hold a name, and the gate's own log is what a developer wants to see."""
