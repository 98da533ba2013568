"""Sending one file: the input, the journal and the file of failures put together."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec

from eventgate.cli.entries import open_events, read_entries, read_part, read_rest
from eventgate.cli.progress import progress
from eventgate.cli.sending.batches import Batch, Batching
from eventgate.cli.sending.failures import mended, open_failures
from eventgate.cli.sending.interruption import interruptible
from eventgate.cli.sending.journal import Journal, State, journal_path, open_journal
from eventgate.cli.sending.run import Plan, Sending
from eventgate.cli.sending.stream import Stream
from eventgate.cli.sending.summary import Summary
from eventgate.cli.terminal import usage, warn
from eventgate.client import Client
from eventgate.core.ids import uuid7

_IDLE_SECONDS = 0.05
"""How long a batch out of a pipe waits for the next event."""


class Wishes(msgspec.Struct, frozen=True):
    """What the command line asks for."""

    topic: str
    file: str
    batch: int
    in_flight: int
    failed: Path | None
    mended: bool
    resume: bool
    journal: Path | None


def send_file(client: Client, wishes: Wishes) -> tuple[Summary, str]:
    """Send the events of a file; says what became of them, and in one line."""
    with ExitStack() as stack:
        source = stack.enter_context(open_events(wishes.file))
        journal = _journal(source, wishes)
        if journal is not None:
            stack.callback(journal.close)
        state = None if journal is None else journal.state
        failures = open_failures(wishes.failed, source, state)
        stack.callback(failures.close)
        advance = stack.enter_context(progress(source, f"sending to {wishes.topic}"))
        sending = Sending(client, _plan(source, wishes, state), journal, failures, advance)
        with interruptible(sending):
            summary = sending.run()
    closing = summary.describe(failures)
    if journal is not None and not summary.is_complete:
        closing += "; --resume goes on"
    return summary, closing


def _journal(source: BinaryIO, wishes: Wishes) -> Journal | None:
    """The journal; None for what cannot be read twice, and where none can be kept."""
    if wishes.file == "-" or not _is_regular(source):
        if wishes.resume:
            raise usage("--resume needs a file: standard input or a pipe cannot be read a second time")
        return None
    path = wishes.journal or journal_path(wishes.file, wishes.topic)
    try:
        return open_journal(path, source, wishes.topic, resume=wishes.resume)
    except OSError as error:
        text = f"cannot keep the journal {path}: {error.strerror}"
        if wishes.resume:
            raise usage(text) from error
        warn(f"{text}; --resume will not be possible (--journal F keeps it elsewhere)")
        return None


def _plan(source: BinaryIO, wishes: Wishes, state: State | None) -> Plan:
    batching = Batching(wishes.batch)
    resumed: list[Batch] = []
    if state is None and not _is_regular(source):
        stream = Stream(source.fileno())
        fresh = batching.group(read_entries(stream), 0, lambda: stream.is_idle(_IDLE_SECONDS))
    elif state is None or state.offset == 0:
        fresh = batching.group(read_entries(source), 0, lambda: False)
    else:
        resumed = [
            Batch(part.begin, read_part(source, part.begin, part.end, part.line, part.events), part.receipt)
            for part in sorted(state.open, key=lambda part: part.begin)
        ]
        fresh = batching.group(read_rest(source, state.offset, state.line), state.offset, lambda: False)
    run = uuid7() if state is None else state.run
    text = mended if wishes.mended else bytes
    return Plan(wishes.topic, run, resumed, fresh, batching, wishes.in_flight, text)


def _is_regular(source: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(source.fileno()).st_mode)
