"""One process that judges, as the gate sees it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from eventgate.aside.messages import LENGTH_BYTES, Question, Verdict, framed, read_verdict

_PROGRAM = "import sys; sys.path[:] = {path!r}; from eventgate.aside.child import main; main()"


class JudgingProcess:
    """Started by `start_process`; answers one question after the other. A call that is cut off makes it useless."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def verdict(self, question: Question) -> Verdict:
        """Its answer; raises `OSError` or `EOFError` where the process is gone."""
        assert self._process.stdin is not None  # noqa: S101 - they are pipes
        assert self._process.stdout is not None  # noqa: S101 - as above
        self._process.stdin.write(framed(question))
        await self._process.stdin.drain()
        length = int.from_bytes(await self._process.stdout.readexactly(LENGTH_BYTES), "big")
        return read_verdict(await self._process.stdout.readexactly(length))

    async def end(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


async def start_process() -> JudgingProcess:
    """A fresh process, in a session of its own: signals to the gate's group are not meant for it. Raises `OSError`.

    It ends by itself when the gate is gone.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM.format(path=sys.path),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
    )
    return JudgingProcess(process)
