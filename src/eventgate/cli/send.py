"""`eventgate send`."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from eventgate.cli.terminal import count, say, usage, warn

if TYPE_CHECKING:
    from eventgate.client import Client

_SHOWN = 10
"""Refused events that are described on the terminal when there is no `--failed`."""


def send(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic to post to.")],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="One JSON document, or NDJSON (one event a line); - is standard input."),
    ],
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="The address of the gate.")
    ] = "http://127.0.0.1:8080",
    token: Annotated[
        str,
        typer.Option(
            "--token", metavar="TOKEN", envvar="EVENTGATE_TOKEN", show_default=False, help="The token to send with."
        ),
    ] = "",
    failed: Annotated[
        Path | None,
        typer.Option("--failed", metavar="F", help="Write what was not accepted to F, as NDJSON with the reasons."),
    ] = None,
) -> None:
    """Post every event of a file, a few at once, and try again what may pass later.

    A retry has the same bytes and the same Idempotency-Key, so that it cannot become a second event. An event that is
    refused does not stop the others; a token that is refused does. A JSON array is one event.

    Exits with 0 only if all were accepted, with 1 if some were not, with 3 if the gate cannot be reached.
    """
    from eventgate.cli.entries import open_events, read_entries
    from eventgate.cli.progress import progress
    from eventgate.cli.sending import Failure, Sending

    if not token.strip():
        raise usage("there is no token: set EVENTGATE_TOKEN, or give --token")
    with ExitStack() as stack:
        source = stack.enter_context(open_events(file))
        sink = None if failed is None else stack.enter_context(_open_failed(failed, source))
        client = stack.enter_context(_client(url, token))
        advance = stack.enter_context(progress(source, f"sending to {topic}"))
        shown = 0

        def note(failure: Failure) -> None:
            nonlocal shown
            shown += 1
            if sink is not None:
                sink.write(failure.as_line())
                sink.flush()
            elif shown <= _SHOWN:
                warn(failure.describe())

        summary = Sending(client, topic, note, advance).run(read_entries(source))
    if sink is None and shown > _SHOWN:
        warn(f"and {count(shown - _SHOWN, 'more event')} not accepted; --failed F writes them all, with their reasons")
    say(summary.describe(failed))
    if summary.halt is not None:
        warn(summary.halt)
    raise typer.Exit(summary.exit_code)


def _client(url: str, token: str) -> Client:
    from eventgate.client import Client
    from eventgate.errors import EventGateError

    try:
        return Client(url, token)
    except EventGateError as error:
        raise usage(str(error)) from error


def _open_failed(failed: Path, source: BinaryIO) -> BinaryIO:
    try:
        if failed.exists() and os.path.samestat(failed.stat(), os.fstat(source.fileno())):
            raise usage(f"--failed {failed} is the file that is sent; name another")
        return failed.open("wb")
    except OSError as error:
        raise usage(f"cannot write {failed}: {error.strerror}") from error
