"""`eventgate validate`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.options import ConfOption, configuration_directory
from eventgate.cli.terminal import CommandError, ExitCode, count, say, usage

if TYPE_CHECKING:
    from eventgate.core.policy import Policy
    from eventgate.errors import Problem


def validate(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic that the events are for.")],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="One JSON document, or NDJSON (one event a line); - is standard input."),
    ],
    conf: ConfOption = None,
) -> None:
    """Say of every event in a file what the gate would say of it: the same checks, the same texts, but no gate needed.

    Who may send it is not asked. Prints FILE:LINE: POINTER: MESSAGE for every problem.

    Exits with 1 if any event would be refused.
    """
    import asyncio

    refused = asyncio.run(_validate(topic.lower(), file, configuration_directory(conf)))
    raise typer.Exit(ExitCode.FINDINGS if refused else ExitCode.DONE)


async def _validate(topic: str, file: str, conf: str) -> int:
    from eventgate.cli.entries import open_events, read_entries
    from eventgate.offline import open_offline

    seen = refused = 0
    with open_events(file) as source:
        async with await open_offline(conf) as gate:
            _see_that_it_serves(topic, gate.policy)
            for entry in read_entries(source):
                refusal = gate.refusal(topic, entry.body)
                seen += 1
                refused += refusal is not None
                for problem in () if refusal is None else refusal.problems:
                    say(f"{file}:{entry.line}: {_describe(problem)}")
    say(f"{count(seen, 'event')}: {seen - refused:,} good, {refused:,} would be refused")
    return refused


def _describe(problem: Problem) -> str:
    place = "" if problem.pointer is None else f"{problem.pointer or '(the event)'}: "
    return f"{place}{problem.message}"


def _see_that_it_serves(topic: str, policy: Policy) -> None:
    if topic in policy.topics:
        return
    if topic in policy.broken:
        raise CommandError(f"the topic {topic} is out of service: {policy.broken[topic]}", ExitCode.FINDINGS)
    near = difflib.get_close_matches(topic, policy.topics, n=3, cutoff=0.5)
    names = near or sorted(policy.topics)[:10]
    hint = f"; {'the nearest names are' if near else 'there are'} {', '.join(names)}" if names else ""
    raise usage(f"there is no topic {topic}{hint}")
