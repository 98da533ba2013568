"""Health: every dependency is really asked, side by side, under a deadline, and the answer kept for seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from math import inf

import msgspec

from eventgate.errors import EventGateError

log = logging.getLogger("eventgate.health")

KEEP_SECONDS = 5.0
"""How long an answer is kept: a load balancer's eagerness must not become load on the sinks."""
DEADLINE_SECONDS = 3.0
"""How long one round of questions may take."""


class Dependency(msgspec.Struct, frozen=True):
    """Something a gate depends on.

    `ask` returns if it is well, else raises `EventGateError` with a text to show. `required()`: whether the gate can
    do its work without, as things stand.
    """

    name: str
    ask: Callable[[], Awaitable[None]]
    required: Callable[[], bool] = lambda: True


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `/health` says."""

    status: str
    uptime_seconds: int
    dependencies: Mapping[str, str]
    warnings: list[str]
    failures: Mapping[str, str] | None = None


class Health:
    """Asks the dependencies, at most once in `KEEP_SECONDS`."""

    def __init__(self, dependencies: list[Dependency], warnings: Callable[[], list[str]]) -> None:
        self._dependencies = dependencies
        self._warnings = warnings
        self._started = time.monotonic()
        self._asked_at = float("-inf")
        self._answers = {each.name: "not asked yet" for each in dependencies}
        self._round: asyncio.Task[None] | None = None

    async def report(self, until: float = inf) -> Report:
        """The state of now, or of a moment ago; by `until` (`loop.time()`) with whatever is known then."""
        if time.monotonic() - self._asked_at > KEEP_SECONDS:
            if self._round is None or self._round.done():
                self._round = asyncio.create_task(self._ask_all())
            left = max(0.0, min(until - asyncio.get_running_loop().time(), 2 * DEADLINE_SECONDS))
            await asyncio.wait({self._round}, timeout=left)
        failures = {
            each.name: self._answers[each.name]
            for each in self._dependencies
            if each.required() and self._answers[each.name] != "ok"
        }
        optional = [
            f"{each.name}: {self._answers[each.name]}"
            for each in self._dependencies
            if not each.required() and self._answers[each.name] != "ok"
        ]
        uptime = int(time.monotonic() - self._started)
        warnings = [*self._warnings(), *optional]
        return Report("degraded" if failures else "ok", uptime, self._answers, warnings, failures or None)

    async def _ask_all(self) -> None:
        answers = await asyncio.gather(*(_ask(each) for each in self._dependencies))
        self._answers = dict(zip((each.name for each in self._dependencies), answers, strict=True))
        self._asked_at = time.monotonic()


async def _ask(dependency: Dependency) -> str:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await dependency.ask()
    except TimeoutError:
        return f"no answer within {DEADLINE_SECONDS:g} s"
    except EventGateError as error:
        return str(error)
    except Exception:
        log.exception("asking %s failed in a way it should not", dependency.name)
        return "cannot be asked; the gate's log says why"
    return "ok"
