"""Counts what the interpreter does while something runs: exact, the same on every machine."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import uvloop


@dataclass(frozen=True)
class Counts:
    """What one request took. `calls` are of functions in Python, `called` the same by qualified name, `c_calls` those
    of functions in C by their names, `files` the bytecodes by file; `turns` are callbacks that the loop was asked for,
    `writes` those to the wire.
    """

    bytecodes: int
    calls: int
    turns: int
    timers: int
    futures: int
    tasks: int
    writes: int
    called: dict[str, int] = field(default_factory=dict)
    c_calls: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)


class CountingLoop(uvloop.Loop):
    """A loop that counts what it is asked for, while it is told to."""

    asked: Counter[str] | None = None

    def call_soon(self, *arguments: Any, **options: Any) -> asyncio.Handle:  # type: ignore[override]  # as it comes
        """A turn of the loop."""
        self._note("turns")
        return super().call_soon(*arguments, **options)

    def call_later(self, *arguments: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]
        """A timer."""
        self._note("timers")
        return super().call_later(*arguments, **options)

    def call_at(self, *arguments: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]
        """A timer."""
        self._note("timers")
        return super().call_at(*arguments, **options)

    def create_future(self) -> asyncio.Future[Any]:
        """Something to wait for."""
        self._note("futures")
        return super().create_future()

    def create_task(self, *arguments: Any, **options: Any) -> asyncio.Task[Any]:
        """A task that begins with the next turn."""
        self._note("tasks")
        return super().create_task(*arguments, **options)

    def _note(self, what: str) -> None:
        if self.asked is not None:
            self.asked[what] += 1


async def counted(work: Callable[[], Awaitable[None]], writes: Callable[[], int]) -> Counts:
    """What `work` takes: it runs several times, since one way to count would disturb the others."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    asked: Counter[str] = Counter()
    loop.asked = asked
    before = writes()
    await work()
    written = writes() - before
    loop.asked = None
    called, c_calls = await _calls(work)
    await _bytecodes(work)  # from Python 3.12 on, code is prepared for it when it is first traced
    executed = await _bytecodes(work)
    return Counts(
        bytecodes=sum(executed.values()),
        calls=sum(called.values()),
        turns=asked["turns"],
        timers=asked["timers"],
        futures=asked["futures"],
        tasks=asked["tasks"],
        writes=written,
        called=dict(called),
        c_calls=dict(c_calls),
        files=dict(executed.most_common()),
    )


async def _calls(work: Callable[[], Awaitable[None]]) -> tuple[Counter[str], Counter[str]]:
    called: Counter[str] = Counter()
    c_calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code.co_filename == __file__:
            return
        if event == "call":
            called[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            c_calls[argument.__qualname__] += 1

    sys.setprofile(note)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return called, c_calls


async def _bytecodes(work: Callable[[], Awaitable[None]]) -> Counter[str]:
    executed: Counter[str] = Counter()

    def enter(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename == __file__:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return step

    def step(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "opcode":
            executed[frame.f_code.co_filename] += 1
        return step

    sys.settrace(enter)
    try:
        await work()
    finally:
        sys.settrace(None)
    return executed
