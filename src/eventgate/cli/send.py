"""`eventgate send`."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.terminal import say, usage, warn

if TYPE_CHECKING:
    from eventgate.client import Client


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
    batch: Annotated[
        int,
        typer.Option("--batch", metavar="N", min=1, max=10_000, help="How many events are posted together, at most."),
    ] = 100,
    in_flight: Annotated[
        int,
        typer.Option(
            "--in-flight", metavar="N", min=1, max=64, help="How many posts are under way at a time. 1 keeps the order."
        ),
    ] = 4,
    failed: Annotated[
        Path | None,
        typer.Option("--failed", metavar="F", help="Write what was not accepted to F, as NDJSON with the reasons."),
    ] = None,
    mended: Annotated[
        bool, typer.Option("--mended", help="FILE is what --failed wrote: send what is in `event` of each line.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run ended. Without one, begin.")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            metavar="F",
            show_default=False,
            help="What --resume goes by. Default: FILE.TOPIC.journal, beside FILE.",
        ),
    ] = None,
    validate: Annotated[
        str | None,
        typer.Option("--validate", metavar="D", help="Refuse here what a gate with the configuration D would refuse."),
    ] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Press batches with gzip.")] = False,
    ca_bundle: Annotated[
        Path | None, typer.Option("--ca-bundle", metavar="F", help="Whom to trust for https: a PEM file or a folder.")
    ] = None,
    retry_seconds: Annotated[
        float,
        typer.Option("--retry-seconds", metavar="S", min=0, help="How long to try again what may pass later."),
    ] = 30.0,
) -> None:
    """Post every event of a file, in batches, a few at once, and try again what may pass later.

    A retry has the same bytes, the same Idempotency-Key and the receipt of the last answer, so that it reaches only
    what is missing. An event that is refused does not stop the others; a token that is refused does. A JSON array is
    one event. After an interruption of any kind --resume goes on, without losing an event.

    Exits with 0 only if all were accepted, with 1 if some were not, with 3 if the gate cannot be reached.
    """
    from eventgate.cli.sending.shipment import Wishes, send_file

    if not token.strip():
        raise usage("there is no token: set EVENTGATE_TOKEN, or give --token")
    wishes = Wishes(
        topic=topic,
        file=file,
        batch=batch,
        in_flight=in_flight,
        failed=failed,
        mended=mended,
        resume=resume,
        journal=journal,
    )
    with ExitStack() as stack:
        client = _client(url, token, in_flight, validate, gzip, ca_bundle, retry_seconds)
        stack.enter_context(client)
        summary, closing = send_file(client, wishes)
    say(closing)
    if summary.halt is not None:
        warn(summary.halt)
    raise typer.Exit(summary.exit_code)


def _client(
    url: str,
    token: str,
    connections: int,
    validate: str | None,
    compress: bool,
    ca_bundle: Path | None,
    retry_seconds: float,
) -> Client:
    from eventgate.client import Client, Retry
    from eventgate.errors import ConfigurationError, EventGateError

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of names addresses
    try:
        return Client(
            url,
            token,
            retry=Retry(total=retry_seconds, introduction=min(3.0, retry_seconds)),
            connections=connections,
            compress=compress,
            ca_bundle=True if ca_bundle is None else str(ca_bundle),
            validate=validate,
        )
    except ConfigurationError:
        raise
    except EventGateError as error:
        raise usage(str(error)) from error
