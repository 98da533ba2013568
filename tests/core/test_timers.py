"""Deadlines for many by one timer."""

from __future__ import annotations

import asyncio

from eventgate.core.timers import Timers


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_callbacks_come_in_the_order_of_their_times_however_they_were_given() -> None:
    timers, rung, done = Timers(), list[str](), asyncio.Event()
    timers.start(soon(0.03), done.set)
    timers.start(soon(0.02), lambda: rung.append("second"))
    timers.start(soon(0.01), lambda: rung.append("first"))
    await done.wait()
    assert rung == ["first", "second"]


async def test_what_was_stopped_is_not_called_and_the_others_are() -> None:
    timers, rung, done = Timers(), list[str](), asyncio.Event()
    stopped = timers.start(soon(0.01), lambda: rung.append("stopped"))
    timers.start(soon(0.02), done.set)
    timers.stop(stopped)
    await done.wait()
    timers.stop(stopped)
    assert rung == []


async def test_a_time_that_has_passed_is_called_at_once() -> None:
    done = asyncio.Event()
    Timers().start(soon(-1), done.set)
    await asyncio.wait_for(done.wait(), 1)


async def test_a_callback_may_start_another() -> None:
    timers, done = Timers(), asyncio.Event()
    timers.start(soon(0), lambda: void(timers.start(soon(0.01), done.set)))
    await asyncio.wait_for(done.wait(), 1)


def void(_: object) -> None:
    """Nothing."""
