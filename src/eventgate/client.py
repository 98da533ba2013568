"""Posts events to a gate and tries again where that can help: what `eventgate send` and users' programs use."""

from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import urllib3

from eventgate.config.https.proxies import proxy_for
from eventgate.errors import EventGateError, SourceError, Unreachable

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""Longer than any gate answers by default: an answer that is cut off leaves an event's fate unknown."""

_PERMANENT = frozenset({"configuration", "topic", "internal"})
"""Error types that waiting does not mend: an operator has to."""
_WORTH_ANOTHER = frozenset({429, 500, 502, 503, 504})
_LARGEST_ANSWER = 4 * 1024 * 1024


class Answer(msgspec.Struct, frozen=True):
    """What the gate said of one event.

    `status` is the HTTP status, 0 for a 202 that no gate wrote; `errors` and `writers` are as in docs/api.md, empty
    where the answer holds none; `attempts` counts the posts it took; `retry_after` is the gate's wish, in seconds.
    """

    status: int
    event_id: str | None
    errors: tuple[Mapping[str, Any], ...]
    writers: Mapping[str, Mapping[str, Any]]
    attempts: int
    retry_after: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether every required writer has the event."""
        return self.status == 202

    @property
    def may_pass(self) -> bool:
        """Whether the same event may well be taken later."""
        if self.status not in _WORTH_ANOTHER or (self.status == 500 and not self.writers):
            return False
        return not any(error.get("type") in _PERMANENT for error in self.errors)


class Retry(msgspec.Struct, frozen=True):
    """How often to try again: waits of up to `first`, doubled each time, `longest` at most (seconds).

    `total` bounds the attempts for one event, and the time for which no event at all gets through: past it, each has
    one attempt. `introduction` takes its place while the gate has never answered: a wrong address shows soon.
    """

    first: float = 0.2
    longest: float = 10.0
    total: float = 30.0
    introduction: float = 3.0

    def pause(self, attempt: int, asked: float) -> float:
        """Seconds to wait after attempt number `attempt` (from 1), partly at random lest clients come in step."""
        share = random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        return max(asked, share * min(self.longest, self.first * float(2 ** min(attempt - 1, 16))))


class Client:
    """Posts to the gate at `url` with `token`; up to `connections` threads may use it at once, over kept connections.

    Raises `EventGateError` where `url` or `token` can be none. `close` (or leaving a `with` block) lets go of the
    connections; `stop` makes posts that wait for another attempt give up.
    """

    def __init__(self, url: str, token: str, *, retry: Retry | None = None, connections: int = 8) -> None:
        self._base = _base(url)
        self._headers = {"Authorization": f"Bearer {_clean(token)}", "Content-Type": "application/json"}
        self._retry = retry or Retry()
        self._pool = _pool(self._base, connections)
        self._answered = False
        self._stalled: float | None = None
        self._stopped = threading.Event()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def post(self, topic: str, body: bytes, key: str | None = None) -> Answer:
        """The gate's answer to the event `body`, after as many attempts as `Retry` allows.

        Every attempt sends the same bytes under the same `Idempotency-Key` (`key`, else a new UUID), so that a writer
        with a ledger holds the event once. Raises `Unreachable` where the last attempt was not answered.
        """
        url = f"{self._base}/topics/{quote(topic, safe='')}"
        headers = {**self._headers, "Idempotency-Key": key or str(uuid.uuid4())}
        began = time.monotonic()
        for attempt in itertools.count(1):
            answer = self._try(url, headers, body, attempt)
            if isinstance(answer, Answer) and not answer.may_pass:
                self._stalled = None
                return answer
            self._stalled = self._stalled or time.monotonic()
            pause = self._retry.pause(attempt, answer.retry_after if isinstance(answer, Answer) else 0.0)
            if self._is_enough(began, pause) or self._stopped.wait(pause):
                break
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    def stop(self) -> None:
        """Let posts that wait for another attempt give up, with the last answer they had."""
        self._stopped.set()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _is_enough(self, began: float, pause: float) -> bool:
        limit = self._retry.total if self._answered else self._retry.introduction
        return time.monotonic() + pause - min(began, self._stalled or began) > limit

    def _try(self, url: str, headers: Mapping[str, str], body: bytes, attempt: int) -> Answer | Unreachable:
        try:
            response = self._pool.request(
                "POST", url, body=body, headers=headers, retries=False, redirect=False, preload_content=False
            )
            try:
                content = response.read(_LARGEST_ANSWER)
            finally:
                response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            return Unreachable(_explain(error))
        self._answered = True
        return _answer(response.status, content, attempt, _seconds(response.headers.get("Retry-After")))


def _answer(status: int, content: bytes, attempts: int, retry_after: float) -> Answer:
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict) or "success" not in body:
        # A proxy, or some other server: what it says is not ours to hand on.
        error = {"type": "answer", "message": f"status {status}, but not the answer of a gate; is the address right?"}
        return Answer(0 if status == 202 else status, None, (error,), {}, attempts, retry_after)
    errors = tuple(error for error in body.get("errors") or () if isinstance(error, dict))
    writers = body.get("writers")
    writers = writers if isinstance(writers, dict) else {}
    return Answer(status, body.get("event_id"), errors, writers, attempts, retry_after)


def _seconds(header: str | None) -> float:
    """Seconds of a `Retry-After` header; its date form is rare and counts as none (RFC 9110, section 10.2.3)."""
    return float(header) if header is not None and header.isdecimal() else 0.0


_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "its name does not resolve"),
    (urllib3.exceptions.NewConnectionError, "nothing listens there, or the way is barred"),
    (urllib3.exceptions.ConnectTimeoutError, "it does not answer in time"),
    (urllib3.exceptions.ReadTimeoutError, "its answer does not come in time"),
    (urllib3.exceptions.ProxyError, "the proxy does not let the connection through"),
    (urllib3.exceptions.SSLError, "its certificate is not trusted, or it does not speak TLS"),
    (urllib3.exceptions.ProtocolError, "it breaks the connection"),
)


def _explain(error: Exception) -> str:
    for kind, text in _FAILURES:
        if isinstance(error, kind):
            return text
    return "the connection fails"


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise EventGateError("the address of a gate looks like http://127.0.0.1:8080")
    return url.rstrip("/")


def _clean(token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise EventGateError("this is no token: it is empty, or holds white space or other foreign characters")
    return token


def _pool(base: str, connections: int) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    try:
        proxy = proxy_for(urlsplit(base))
    except SourceError as error:
        raise EventGateError(str(error)) from error
    if proxy is None:
        return urllib3.PoolManager(timeout=timeout, maxsize=connections, block=True)
    headers = urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
    return urllib3.ProxyManager(proxy.url, proxy_headers=headers, timeout=timeout, maxsize=connections, block=True)
