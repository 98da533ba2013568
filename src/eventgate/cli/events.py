"""`eventgate events`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventgate.cli.terminal import ignore_broken_pipe
from eventgate.dev import DEFAULT_DIRECTORY
from eventgate.errors import Unreachable

if TYPE_CHECKING:
    from eventgate.writers.sqlite.reader import StoredEvent

POLL_SECONDS = 0.1
"""How long `--follow` waits before it looks again."""
GRACE_SECONDS = 5.0
"""How long `--follow` bears with a file that cannot be read, as one that is being created."""


def events(
    topic: Annotated[str | None, typer.Option("--topic", metavar="T", help="Only the events of this topic.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new events as they land, until Ctrl-C.")] = False,
    db: Annotated[
        Path | None,
        typer.Option(
            "--db",
            metavar="F",
            help="The database file. Default: events.db in .eventgate-dev where `eventgate dev` was started, "
            "else in the directory CONF_DIR, else in conf.",
        ),
    ] = None,
) -> None:
    """Print the events that the SQLite writer keeps, one a line, as they were posted.

    Each line is {"topic", "event_id", "subject", "received_at", "body_sha256", "event"}. The gate may go on writing.
    With --follow the file need not exist yet.
    """
    from eventgate.writers.sqlite.reader import read_events, to_ndjson

    path = db or _default_database()
    wanted = None if topic is None else topic.lower()
    try:
        for event in _follow(path, wanted) if follow else read_events(path, wanted):
            sys.stdout.buffer.write(to_ndjson(event))
            if follow:
                sys.stdout.buffer.flush()
        sys.stdout.buffer.flush()
    except Unreachable as error:
        raise Unreachable(f"cannot read events from {path}: {error}") from error
    except BrokenPipeError:
        ignore_broken_pipe()
    except KeyboardInterrupt:
        return


def _default_database() -> Path:
    if DEFAULT_DIRECTORY.is_dir():
        return DEFAULT_DIRECTORY / "events.db"
    return Path(os.environ.get("CONF_DIR") or "conf") / "events.db"


def _follow(path: Path, topic: str | None) -> Iterator[StoredEvent]:
    """The events of `path` and then, without end, those that land there, also in a file that takes its place."""
    from eventgate.writers.sqlite.reader import read_events

    seen, identity, bad_since = 0, _identity(path), None
    while True:
        if identity != (identity := _identity(path)):
            seen = 0
        try:
            for event in read_events(path, topic, seen):
                seen = event.seq
                yield event
            bad_since = None
        except Unreachable:
            bad_since = bad_since or time.monotonic()
            if identity is not None and time.monotonic() - bad_since > GRACE_SECONDS:
                raise
            if identity is None:
                bad_since = None
        time.sleep(POLL_SECONDS)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies at `path`; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
