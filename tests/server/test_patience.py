"""How long a connection is waited for."""

from __future__ import annotations

import asyncio

from eventgate.server.patience import Patience


async def watched() -> tuple[Patience, asyncio.Event]:
    over = asyncio.Event()
    return Patience(asyncio.get_running_loop(), over.set), over


async def pause(seconds: float) -> None:
    """Let that time go by on the loop's timers, which ring in the order of their times."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    await done.wait()


async def test_it_runs_out_once() -> None:
    patience, over = await watched()
    patience.lasts(0.01)
    await over.wait()
    over.clear()
    await pause(0.03)
    assert not over.is_set()


async def test_set_anew_it_lasts_from_then_on() -> None:
    patience, over = await watched()
    patience.lasts(0.02)
    patience.lasts(0.2)
    await pause(0.1)
    assert not over.is_set()
    await over.wait()


async def test_set_shorter_it_runs_out_sooner() -> None:
    patience, over = await watched()
    patience.lasts(1000)
    patience.lasts(0.01)
    await asyncio.wait_for(over.wait(), 10)


async def test_endless_it_does_not_run_out_and_may_be_bounded_again() -> None:
    patience, over = await watched()
    patience.lasts(0.01)
    patience.endless()
    await pause(0.05)
    assert not over.is_set()
    patience.lasts(0.01)
    await over.wait()


async def test_closed_it_never_calls_back() -> None:
    patience, over = await watched()
    patience.lasts(0.01)
    patience.close()
    await pause(0.03)
    assert not over.is_set()
