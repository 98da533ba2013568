"""`eventgate smoke`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.terminal import ExitCode, say, usage

if TYPE_CHECKING:
    from eventgate.cli.questions import Asked
    from eventgate.client.transport import Transport

_LARGEST_TOKEN = 64 * 1024


def smoke(
    url: Annotated[str, typer.Argument(metavar="URL", help="The gate's address, with its stage if it has one.")],
    topic: Annotated[
        str | None,
        typer.Option("--topic", metavar="T", show_default=False, help="The topic to ask about. Default: the first."),
    ] = None,
    token_file: Annotated[
        str | None,
        typer.Option(
            "--token-file", metavar="F|-", help="Read the token from F; - is standard input. Default: EVENTGATE_TOKEN."
        ),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="F|-|JSON", help="The event to have judged: a file, or the document itself."),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Post the event in earnest once it is found good. Needs --topic, --event.")
    ] = False,
    ca_bundle: Annotated[
        Path | None, typer.Option("--ca-bundle", metavar="F", help="Whom to trust for https: a PEM file or a folder.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=0.1, help="How long one answer may take, in seconds.")
    ] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask a gate that is up whether it does what a gate does: for right after a deployment.

    Asks for its health, its description, its topics, the topic's schema and where tokens come from, sees that a post
    without a token is refused, and with a token has an event judged. Nothing is delivered unless --send is given.

    Exits with 1 if anything is not as it should be, with 3 if the gate cannot be reached.
    """
    from eventgate.cli.questions import Visit, ask_all

    if send and (topic is None or event is None):
        raise usage("--send needs --topic and --event: what is posted is kept")
    if token_file == "-" and event == "-":  # noqa: S105  no token, but where it is
        raise usage("standard input holds the token or the event, not both")
    token = _token(token_file)
    if send and not token:
        raise usage("--send needs a token: EVENTGATE_TOKEN or --token-file")
    visit = Visit(_transport(url, ca_bundle, timeout), token, topic, _event(event), send)
    asked: list[Asked] = []
    for each in ask_all(visit):
        asked.append(each)
        if not json:
            say(_line(each))
    code = _exit_code(asked)
    _close(asked, code, as_json=json)
    raise typer.Exit(code)


def _transport(url: str, ca_bundle: Path | None, seconds: float) -> Transport:
    from eventgate.client.transport import Transport
    from eventgate.errors import EventGateError

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of names addresses
    trusted = True if ca_bundle is None else str(ca_bundle)
    try:
        return Transport(url, connections=1, connect_seconds=seconds, read_seconds=seconds, ca_bundle=trusted)
    except EventGateError as error:
        raise usage(str(error)) from error


def _token(file: str | None) -> str:
    """The token, without the word `Bearer` that it may be kept with; empty where none is given."""
    from eventgate.client.tokens import clean
    from eventgate.errors import EventGateError

    environment = os.environ.get("EVENTGATE_TOKEN", "")
    text = environment if file is None else _read(file, "token file", _LARGEST_TOKEN).decode("ascii", "replace")
    words = text.split()
    if file is None and not words:
        return ""
    try:
        return clean(" ".join(words[1:] if words and words[0].lower() == "bearer" else words))
    except EventGateError as error:
        raise usage(str(error)) from error


def _event(given: str | None) -> bytes | None:
    if given is None:
        return None
    return given.encode() if given.lstrip().startswith(("{", "[")) else _read(given, "event")


def _read(file: str, what: str, limit: int = -1) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(limit)
        with Path(file).open("rb") as opened:
            return opened.read(limit)
    except OSError as error:
        raise usage(f"cannot read the {what}: {error.strerror}") from error


def _exit_code(asked: list[Asked]) -> ExitCode:
    from eventgate.cli.questions import QUESTIONS

    if len(asked) < len(QUESTIONS):
        return ExitCode.UNREACHABLE
    return ExitCode.FINDINGS if any(each.result == "failed" for each in asked) else ExitCode.DONE


def _line(asked: Asked) -> str:
    took = "" if asked.milliseconds is None else f"{asked.milliseconds:,} ms"
    return f"{asked.result:<8} {asked.question:<9} {took:>9}  {asked.detail}"


def _close(asked: list[Asked], code: ExitCode, *, as_json: bool) -> None:
    import msgspec

    counts = {result: sum(each.result == result for each in asked) for result in ("ok", "failed", "skipped")}
    if as_json:
        document = {"success": code is ExitCode.DONE, **counts, "questions": asked}
        say(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        say(", ".join(f"{number} {result}" for result, number in counts.items()))
