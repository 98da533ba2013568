"""`check --connect`: asks what a gate depends on whether it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from eventgate.config.configuration import Configuration
from eventgate.core.auth.keys import parse_keys
from eventgate.core.writer import Writer
from eventgate.errors import EventGateError

OK = "ok"
KEYS_SECONDS = 5.0
PROBE_SECONDS = 10.0


async def probe(configuration: Configuration) -> dict[str, str]:
    """What the key source (`keys`) and each writer say: `ok`, or why not. Nothing is written."""
    asked: dict[str, Callable[[], Awaitable[None]]] = {"keys": lambda: _ask_keys(configuration)}
    for writer in configuration.build_writers():
        asked[writer.name] = lambda writer=writer: _ask_writer(writer)  # type: ignore[misc]
    answers = await asyncio.gather(*(_answer(ask) for ask in asked.values()))
    return dict(zip(asked, answers, strict=True))


async def _ask_keys(configuration: Configuration) -> None:
    keys = parse_keys(await configuration.read_keys(KEYS_SECONDS))
    if not keys.keys:
        raise EventGateError("it holds no usable key")


async def _ask_writer(writer: Writer) -> None:
    await writer.open()
    try:
        await writer.probe()
    finally:
        await writer.close()


async def _answer(ask: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await ask()
    except EventGateError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {PROBE_SECONDS:g} s"
    except Exception as error:  # a plugin's probe may raise anything
        return f"fails in an unforeseen way ({type(error).__name__})"
    return OK
