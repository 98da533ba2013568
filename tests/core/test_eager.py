"""Tasks that begin at once."""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar

import pytest

from eventgate.core.eager import start

seen: ContextVar[str] = ContextVar("seen", default="nothing")


async def test_what_never_waits_is_done_before_start_returns() -> None:
    """Where Python can do that."""

    async def work() -> int:
        return 7

    task = start(work())
    assert task.done() is (sys.version_info >= (3, 12))
    assert await task == 7


async def test_what_waits_goes_on_later_and_can_be_cancelled() -> None:
    over = asyncio.Event()
    task, cancelled = start(over.wait()), start(over.wait())
    await asyncio.sleep(0)
    cancelled.cancel()
    over.set()
    assert await task is True
    await asyncio.wait({cancelled})
    assert cancelled.cancelled()


async def test_each_is_a_task_with_a_context_of_its_own() -> None:
    async def work() -> asyncio.Task[object] | None:
        seen.set("work")
        async with asyncio.timeout(10):  # which asks for the current task
            await asyncio.sleep(0)
        return asyncio.current_task()

    task = start(work())
    assert await task is task
    assert seen.get() == "nothing"
    assert asyncio.current_task() is not task


async def test_an_error_is_the_tasks() -> None:
    async def work() -> None:
        raise ValueError("work")

    task = start(work())
    with pytest.raises(ValueError, match="work"):
        await task
