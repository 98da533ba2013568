"""`eventgate deadletters`."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from eventgate.cli.check import Format
from eventgate.cli.options import ConfOption, configuration_directory
from eventgate.cli.progress import counted
from eventgate.cli.terminal import ExitCode, count, say, usage
from eventgate.errors import SinkUnavailable, Unreachable

if TYPE_CHECKING:
    from eventgate.spool.entries import DeadLetter, Wanted
    from eventgate.spool.replay import Replayed

T = TypeVar("T")

deadletters = typer.Typer(
    name="deadletters", rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)

TopicOption = Annotated[str | None, typer.Option("--topic", metavar="T", help="Only those of this topic.")]
WriterOption = Annotated[str | None, typer.Option("--writer", metavar="W", help="Only those of this writer.")]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Only those that became dead letters since then: 2026-11-05, 2026-11-05T12:00:00Z, or 90s, 15m, 2h, 7d.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", metavar="text|json", help="How to print.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", show_default=False, help="Their ids, as `list` shows them. Default: all."),
]


@deadletters.callback(invoke_without_command=True)
def deadletters_(context: typer.Context) -> None:
    """Events that were accepted and that a sink can never take, or did not take in time; refused ones too, if kept."""
    if context.invoked_subcommand is None:
        raise usage("say what to do: `eventgate deadletters list`, `show`, `replay` or `discard`")


@deadletters.command("list", short_help="What there is, one line each.")
def list_(
    conf: ConfOption = None,
    topic: TopicOption = None,
    writer: WriterOption = None,
    since: SinceOption = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Print what dead letters there are, one line each, without the events."""
    from eventgate.cli.letters import described, line

    found = _run(_find(conf, _wanted(topic, writer, since)))
    if format is Format.JSON:
        _say_json([described(letter) for letter in found])
        return
    for letter in found:
        say(line(letter))
    say(count(len(found), "dead letter"))


@deadletters.command("show", short_help="Everything about some of them, the events included.")
def show(
    ids: IdsArgument = None,
    conf: ConfOption = None,
    topic: TopicOption = None,
    writer: WriterOption = None,
    since: SinceOption = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Print everything that is known of dead letters, the events as they were posted.

    Exits with 1 if there are none of that kind.
    """
    from eventgate.cli.letters import in_full, with_event

    found = _run(_find(conf, _wanted(topic, writer, since, ids)))
    if format is Format.JSON:
        _say_json([with_event(letter) for letter in found])
    else:
        say("\n\n".join(in_full(letter) for letter in found) or "no such dead letter")
    raise typer.Exit(ExitCode.DONE if found else ExitCode.FINDINGS)


@deadletters.command("replay", short_help="Deliver them, and what waits in the spool.")
def replay(
    ids: IdsArgument = None,
    conf: ConfOption = None,
    topic: TopicOption = None,
    writer: WriterOption = None,
    since: SinceOption = None,
    dry_run: DryRunOption = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Deliver dead letters to the writers that lack them, judged by the schema and the access rules of today.

    The subject is the one that posted the event. What is delivered is no dead letter any more; the others stay.
    Without ids, --topic, --writer and --since, deferred events that wait in the spool are delivered first.

    Exits with 1 if the gate or a sink refused any of them or one of the ids does not exist, else with 3 if a sink could
    not be reached for any.
    """
    from eventgate.cli.letters import outcome_line, outcomes_document

    wanted = _wanted(topic, writer, since, ids)
    drained, told = _run(_replay(conf, wanted, dry_run=dry_run))
    fates = [each.fate for each in told]
    if format is Format.JSON:
        _say_json(outcomes_document(told, drained, dry_run=dry_run))
    else:
        for each in told:
            if dry_run or each.fate != "replayed":
                say(outcome_line(each, dry_run=dry_run))
        if drained:
            say(f"{count(drained, 'deferred write')} done")
        would = "would be " if dry_run else ""
        say(f"{would}replayed: {fates.count('replayed'):,}, refused: {fates.count('refused'):,}"
            + f", not delivered: {fates.count('failed'):,}")  # fmt: skip
    if "refused" in fates or _names_none(wanted, (each.letter for each in told)):
        raise typer.Exit(ExitCode.FINDINGS)
    raise typer.Exit(ExitCode.UNREACHABLE if "failed" in fates else ExitCode.DONE)


@deadletters.command("discard", short_help="Forget them.")
def discard(
    ids: IdsArgument = None,
    conf: ConfOption = None,
    topic: TopicOption = None,
    writer: WriterOption = None,
    since: SinceOption = None,
    all_: Annotated[bool, typer.Option("--all", help="All of them; needed where nothing else is said.")] = False,
    dry_run: DryRunOption = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Forget dead letters for good. Nothing is delivered.

    Exits with 1 if one of the ids does not exist.
    """
    wanted = _wanted(topic, writer, since, ids)
    if not all_ and not _narrows(wanted):
        raise usage("say which: ids, --topic, --writer, --since, or --all")
    found = _run(_discard(conf, wanted, dry_run=dry_run))
    if format is Format.JSON:
        _say_json({"discarded": 0 if dry_run else len(found), "dry_run": dry_run, "ids": [each.id for each in found]})
    else:
        say(f"{'would discard' if dry_run else 'discarded'} {count(len(found), 'dead letter')}")
    raise typer.Exit(ExitCode.FINDINGS if _names_none(wanted, found) else ExitCode.DONE)


async def _find(conf: str | None, wanted: Wanted) -> list[DeadLetter]:
    from eventgate.cli.letterboxes import opened

    async with opened(configuration_directory(conf)) as box:
        return [letter async for group in box.find(wanted, take=False) for letter in group]


async def _discard(conf: str | None, wanted: Wanted, *, dry_run: bool) -> list[DeadLetter]:
    from eventgate.cli.letterboxes import opened

    found: list[DeadLetter] = []
    async with opened(configuration_directory(conf)) as box:
        with counted("discarding") as done:
            async for group in box.find(wanted, take=not dry_run):
                if not dry_run:
                    await box.remove(group)
                found += group
                done(len(found))
    return found


async def _replay(conf: str | None, wanted: Wanted, *, dry_run: bool) -> tuple[int, list[Replayed]]:
    from eventgate.cli.replaying import open_replaying

    told: list[Replayed] = []
    async with open_replaying(configuration_directory(conf), dry_run=dry_run) as replaying:
        drained = 0 if dry_run or _narrows(wanted) else await replaying.drain()
        with counted("replaying") as done:
            async for group in replaying.letterbox.find(wanted, take=not dry_run):
                told += await replaying.replay.replay(group)
                done(len(told))
    return drained, told


def _wanted(topic: str | None, writer: str | None, since: str | None, ids: Iterable[str] | None = None) -> Wanted:
    from eventgate.cli.letters import moment
    from eventgate.spool.entries import Wanted

    try:
        after = None if since is None else moment(since)
    except ValueError:
        raise usage(f"--since {since} is no time; 2026-11-05, 2026-11-05T12:00:00Z, 15m and 7d are some") from None
    return Wanted(None if topic is None else topic.lower(), writer, after, tuple(ids or ()))


def _narrows(wanted: Wanted) -> bool:
    return any(each is not None for each in (wanted.topic, wanted.writer, wanted.since)) or bool(wanted.ids)


def _names_none(wanted: Wanted, found: Iterable[DeadLetter]) -> bool:
    """Whether one of the ids that were given is none of a letter that was `found`."""
    known = {name for letter in found for name in (letter.id, letter.id.partition("-")[0])}
    return bool(set(wanted.ids) - known)


def _run(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    try:
        return asyncio.run(work)
    except SinkUnavailable as error:
        raise Unreachable(f"the spool cannot be used: {error}") from error


def _say_json(document: object) -> None:
    say(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
