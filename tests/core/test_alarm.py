"""A deadline for one task."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core.alarm import Alarm


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_an_alarm_wakes_the_task_that_set_it_and_owns_up() -> None:
    alarm = Alarm(soon(0.01))
    with pytest.raises(asyncio.CancelledError):
        await asyncio.Event().wait()
    assert alarm.was_it()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_an_alarm_that_was_stopped_wakes_nobody() -> None:
    Alarm(soon(0.01)).stop()
    await asyncio.sleep(0.03)


async def test_a_task_that_others_cancel_is_not_the_alarms_doing() -> None:
    told: list[bool] = []

    async def work() -> None:
        alarm = Alarm(soon(10))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append(alarm.was_it())
            raise
        finally:
            alarm.stop()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [False]


def test_without_a_task_there_is_nobody_to_wake() -> None:
    with pytest.raises(RuntimeError):
        Alarm(0.0)
