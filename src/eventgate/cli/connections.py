"""`check --connect`: asks what a gate depends on whether it is there, and whether it is as the topics need it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from eventgate.config.configuration import Configuration
from eventgate.config.declared import declared
from eventgate.core.auth.keys import parse_keys
from eventgate.core.policy import Policy
from eventgate.core.writer import Inspecting, Writer
from eventgate.errors import EventGateError, Finding, SinkUnavailable

OK = "ok"
KEYS = "keys"
SPOOL = "spool"
KEYS_SECONDS = 5.0
PROBE_SECONDS = 10.0
INSPECT_SECONDS = 30.0


class Connections(msgspec.Struct, frozen=True):
    """What everybody said (`ok`, or why not), what is wrong between topics and sinks, and who could not be reached."""

    answers: dict[str, str]
    findings: tuple[Finding, ...]
    unreached: tuple[str, ...]


async def connect(configuration: Configuration, policy: Policy) -> Connections:
    """Ask the key source (`keys`), each writer, and the spool. Nothing is written.

    A sink that answers, and whose answer is among the findings (a missing table, say), counts as reached.
    """
    writers = configuration.build_writers()
    keys, asked = await asyncio.gather(
        _answer(lambda: _ask_keys(configuration)),
        asyncio.gather(*(_ask_writer(writer, _topics(policy, writer)) for writer in writers)),
    )
    places = await declared(configuration)
    answers = {KEYS: keys}
    findings: list[Finding] = []
    unreached = [KEYS] if keys != OK else []
    for writer, (answer, found) in zip(writers, asked, strict=True):
        answers[writer.name] = answer
        findings += [await places.place(finding, writer.name) for finding in found]
        if answer != OK and not any(finding.severity == "error" for finding in found):
            unreached.append(writer.name)
    spool, notes = await _ask_spool(configuration)
    if spool is not None:
        answers[SPOOL] = spool
        findings += [Finding("warning", configuration.file, note, "/spool/store") for note in notes]
        unreached += [SPOOL] if spool != OK else []
    return Connections(answers, tuple(dict.fromkeys(findings)), tuple(unreached))


async def _ask_spool(configuration: Configuration) -> tuple[str | None, Sequence[str]]:
    """What the spool says, and what is to be known of it; None where there is none, or none yet."""
    opened = configuration.open_spool()
    if opened is None:
        return None, ()
    notes: list[str] = []

    async def ask() -> None:
        status = await opened.spool.status(asyncio.get_running_loop().time() + PROBE_SECONDS / 2)
        notes.extend(status.notes)

    try:
        if opened.options.file is not None and not opened.options.file.exists():
            return None, ()  # the gate makes it, and it shall be the gate's
        return await _answer(ask), notes
    finally:
        await opened.spool.close()


def _topics(policy: Policy, writer: Writer) -> dict[str, Any]:
    """The topics that go to `writer`, with their settings for it."""
    topics = policy.topics.items()
    return {name: topic.uses[writer.name].options for name, topic in topics if writer.name in topic.uses}


async def _ask_keys(configuration: Configuration) -> None:
    keys = parse_keys(await configuration.read_keys(KEYS_SECONDS))
    if not keys.keys:
        raise EventGateError("it holds no usable key")


async def _ask_writer(writer: Writer, topics: Mapping[str, Any]) -> tuple[str, Sequence[Finding]]:
    async def probe() -> None:
        await writer.open()
        await writer.probe()

    try:
        answer = await _answer(probe)
        return answer, await _inspect(writer, topics)
    finally:
        await _answer(writer.close)


async def _inspect(writer: Writer, topics: Mapping[str, Any]) -> Sequence[Finding]:
    if not isinstance(writer, Inspecting):
        return ()
    try:
        async with asyncio.timeout(INSPECT_SECONDS):
            return await writer.inspect(topics)
    except SinkUnavailable:  # as its probe says
        return ()
    except Exception as error:  # a plugin may raise anything
        why = "takes too long" if isinstance(error, TimeoutError) else f"fails ({type(error).__name__})"
        return (Finding("warning", "", f"the topics cannot be compared with what is there: that {why}"),)


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
