"""Events out of a file: one JSON document, on as many lines as it likes, or one event a line (NDJSON)."""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from eventgate.cli.terminal import CommandError, ExitCode, usage

MAX_LINE_BYTES = 64 * 1024 * 1024
"""No gate takes an event of this size; a file that has such a line is no file of events."""
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""How much is read to see whether a file is one document on many lines."""

_WHITE_SPACE = b" \t\r\n"


class Entry(msgspec.Struct, frozen=True):
    """One event as it stands in a file: the number of its first line, its bytes, and where it ends in the file."""

    line: int
    body: bytes
    end: int

    @property
    def next_line(self) -> int:
        """The number of the line behind it."""
        return self.line + self.body.count(b"\n") + 1


class Lines(Protocol):
    """What lines can be read from: a binary file, or less."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, or its first `limit` bytes; nothing at the end."""


@contextmanager
def open_events(file: str) -> Iterator[BinaryIO]:
    """The file of that name, `-` being standard input; raises `CommandError` where it cannot be read."""
    if file == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise usage(f"cannot read {file}: {error.strerror}") from error
        yield opened


def read_entries(file: Lines) -> Iterator[Entry]:
    """The events of `file`, in order. A file of many lines is never held in memory as a whole.

    A file is one document if it is valid as one; also if it begins like one that goes on over many lines and no later
    line is an event of its own. A JSON array is one event. Raises `CommandError` for a line of over 64 MiB.
    """
    lines = _lines(file)
    first = next((line for line in lines if line.body.strip(_WHITE_SPACE)), None)
    if first is None:
        return
    seen = [first]
    if _ends_early(first.body):
        seen += _up_to(first.end + MAX_DOCUMENT_BYTES, lines)
        if (document := _document(seen)) is not None:
            yield document
            return
    yield from _events(itertools.chain(seen, lines))


def read_rest(file: BinaryIO, offset: int, line: int) -> Iterator[Entry]:
    """The events on the lines of `file` from `offset` on, where the line with the number `line` begins."""
    file.seek(offset)
    return _events(_lines(file, offset, line))


def read_part(file: BinaryIO, begin: int, end: int, line: int, events: int) -> tuple[Entry, ...]:
    """The `events` between two offsets; the first is on the line with the number `line`."""
    whole = os.pread(file.fileno(), end - begin, begin)
    if events == 1:
        return (Entry(line, whole.strip(_WHITE_SPACE), end),)
    lead = len(whole) - len(whole.lstrip(_WHITE_SPACE))
    return tuple(_events(_lines(io.BytesIO(whole[lead:]), begin + lead, line)))


def _events(lines: Iterable[Entry]) -> Iterator[Entry]:
    for line in lines:
        if body := line.body.strip(_WHITE_SPACE):
            yield Entry(line.line, body, line.end)


def _lines(file: Lines, end: int = 0, first: int = 1) -> Iterator[Entry]:
    for number in itertools.count(first):
        raw = file.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return
        if len(raw) > MAX_LINE_BYTES:
            raise CommandError(f"line {number} is longer than {MAX_LINE_BYTES} bytes: no event", ExitCode.FINDINGS)
        end += len(raw)
        yield Entry(number, raw, end)


def _up_to(end: int, lines: Iterator[Entry]) -> Iterator[Entry]:
    for line in lines:
        yield line
        if line.end > end:
            return


def _document(lines: Sequence[Entry]) -> Entry | None:
    """`lines` as one event; None if they are events of their own, or too many to tell."""
    first, last = lines[0], lines[-1]
    if last.end > first.end + MAX_DOCUMENT_BYTES:
        return None
    whole = b"".join(line.body for line in lines).strip(_WHITE_SPACE)
    if not _is_json(whole) and any(_is_object(line.body) for line in lines[1:]):
        return None
    return Entry(first.line, whole, last.end)


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _is_object(line: bytes) -> bool:
    return line.lstrip(_WHITE_SPACE).startswith(b"{") and _is_json(line)


def _ends_early(text: bytes) -> bool:
    """Whether `text` may be the beginning of a longer JSON document."""
    try:
        msgspec.json.decode(text)
    except msgspec.ValidationError:
        return False
    except msgspec.DecodeError as error:
        return "truncated" in str(error)
    except (UnicodeDecodeError, RecursionError):
        return False
    return False
