"""The keys in force: fetched, kept while their source is down, and asked for again when a token needs others."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from eventgate.core.auth.keys import KeySet, parse_keys
from eventgate.core.auth.tokens import AuthRules, NoKeyFits, TokenVerifier
from eventgate.core.model import Claims
from eventgate.errors import KeySetError, SourceError, Unavailable

COOL_DOWN_SECONDS: Final = 30.0
"""Least time between two fetches that unknown keys cause, and between a failed fetch and the next by timer."""
FETCH_SECONDS: Final = 5.0
"""Least time that a fetch is given."""
RETRY_SECONDS: Final = 5.0
"""Least time between two fetches while there are no keys to judge by."""

_log = logging.getLogger(__name__)


class KeyRing:
    """Verifies tokens with the newest good key set.

    Belongs to one event loop at a time: call it from the loop's thread only. A fetch is a task of its own, shared by
    all who wait for it; that one of them is cancelled does not disturb it. Nobody else creates tasks here: without
    calls nothing happens. Times are those of `clock` (epoch seconds).
    """

    def __init__(
        self, fetch: Callable[[float], Awaitable[bytes]], rules: AuthRules, clock: Callable[[], float] = time.time
    ) -> None:
        """Hold no keys yet. `fetch(seconds)` gives the key document; raises `SourceError` with a text fit to show."""
        self.failure: str | None = None
        """Why the last fetch brought no keys, without addresses; None if it did."""
        self._fetch = fetch
        self._rules = rules
        self._clock = clock
        self._keyless = TokenVerifier(rules, KeySet())
        self._verifier = self._keyless
        self._confirmed: float | None = None
        self._attempted: float | None = None
        self._demanded: float | None = None
        self._flight: asyncio.Task[None] | None = None

    @property
    def age(self) -> float | None:
        """Seconds since the source last confirmed the keys; None if it never did."""
        return None if self._confirmed is None else max(0.0, self._clock() - self._confirmed)

    @property
    def ready(self) -> bool:
        """Whether there are keys, and none too old to be trusted."""
        return self._ready_at(self._clock())

    def due(self, now: float) -> bool:
        """Whether it is time for `refresh`: sooner after a failure, soonest without keys."""
        if not self.ready:
            return _passed(self._attempted, RETRY_SECONDS, now)
        pause = min(COOL_DOWN_SECONDS, self._rules.refresh_seconds)
        return _passed(self._confirmed, self._rules.refresh_seconds, now) and _passed(self._attempted, pause, now)

    def verify(self, token: str) -> Claims:
        """The claims of `token` by the keys at hand; raises `Unauthenticated`, or `Unavailable` where only keys are
        missing to judge it."""
        now = self._clock()
        if self._ready_at(now):
            return self._verifier.verify(token, now)
        try:
            return self._keyless.verify(token, now)
        except NoKeyFits:
            raise Unavailable("the gate has no current keys to verify tokens with") from None

    async def authenticate(self, token: str, timeout: float) -> Claims:  # noqa: ASYNC109 (see refresh)
        """As `verify`, but where other keys could change a refusal they are asked for first, for `timeout` seconds.

        That happens at most once in `COOL_DOWN_SECONDS` for tokens that no key fits, once in `RETRY_SECONDS` while
        there are no keys; who comes while a fetch is under way waits for it. All others are answered without waiting.
        """
        try:
            return self.verify(token)
        except NoKeyFits:
            if not self._may_demand():
                raise
        except Unavailable:
            if self._under_way() is None and not _passed(self._attempted, RETRY_SECONDS, self._clock()):
                raise
        await self.refresh(timeout)
        return self.verify(token)

    async def refresh(self, timeout: float) -> bool:  # noqa: ASYNC109 (a cancelled waiter must not end the shared fetch)
        """Fetch the keys, or join a fetch under way, and wait for it for `timeout` seconds; never raises.

        The fetch itself has `FETCH_SECONDS`, so that keys far away are not out of reach of who cannot wait. A good
        answer replaces the keys at once; a bad one changes nothing but `failure`. Returns whether the fetch has ended.
        """
        self.begin(timeout)
        return await self.join(timeout)

    def begin(self, seconds: float = FETCH_SECONDS) -> None:
        """Start a fetch that has `seconds`, at least `FETCH_SECONDS`; nothing if one is under way."""
        if self._under_way() is None:
            self._attempted = self._clock()
            attempt = self._attempt(max(seconds, FETCH_SECONDS), self._attempted)
            self._flight = asyncio.get_running_loop().create_task(attempt, context=contextvars.Context())

    async def join(self, timeout: float) -> bool:  # noqa: ASYNC109 (as above)
        """Wait for a fetch under way, if there is one, for `timeout` seconds; returns whether none is any more."""
        flight = self._under_way()
        if flight is None:
            return True
        await asyncio.wait({flight}, timeout=timeout)
        return flight.done()

    async def close(self) -> None:
        """Give up a fetch under way."""
        if flight := self._under_way():
            flight.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await flight

    def _ready_at(self, now: float) -> bool:
        return self._confirmed is not None and now - self._confirmed <= self._rules.max_key_age_seconds

    def _under_way(self) -> asyncio.Task[None] | None:
        flight = self._flight
        if flight is None or flight.done() or flight.get_loop() is not asyncio.get_running_loop():
            return None
        return flight

    def _may_demand(self) -> bool:
        if self._under_way() is not None:
            return True
        now = self._clock()
        if not _passed(self._demanded, COOL_DOWN_SECONDS, now):
            return False
        self._demanded = now
        return True

    async def _attempt(self, timeout: float, now: float) -> None:  # noqa: ASYNC109 (handed on to the fetch)
        try:
            async with asyncio.timeout(timeout):
                content = await self._fetch(timeout)
            self._take(parse_keys(content), now)
            self.failure = None
        except TimeoutError:
            self._fail("timed out")
        except (SourceError, KeySetError) as error:
            self._fail(str(error))
        except Exception:
            self.failure = "failed in an unforeseen way; the log has it"
            _log.exception("fetching the public keys failed in an unforeseen way")

    def _fail(self, why: str) -> None:
        if why != self.failure:
            _log.warning("the public keys could not be read: %s", why)
        self.failure = why

    def _take(self, keys: KeySet, now: float) -> None:
        if not keys.serves(self._rules.algorithms):
            raise KeySetError(f"it holds no key for {', '.join(self._rules.algorithms)}")
        if keys != self._verifier.keys:
            self._verifier = TokenVerifier(self._rules, keys)
        self._confirmed = now


def _passed(since: float | None, seconds: float, now: float) -> bool:
    """Whether `seconds` have gone by since then; also if the clock was set back."""
    return since is None or not 0 <= now - since < seconds
