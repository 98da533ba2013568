"""How commands speak: exit codes, one line for an error, and plain lines for everything else."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from eventgate.errors import EventGateError


class ExitCode(IntEnum):
    """What a command's exit says (docs/commands.md)."""

    DONE = 0
    FINDINGS = 1
    """Findings, or events that were refused."""
    USAGE = 2
    UNREACHABLE = 3
    """Something cannot be reached; a port that is in use included."""


class CommandError(EventGateError):
    """Ends a command with one line on standard error and an exit code."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


def usage(message: str) -> CommandError:
    """What is raised where a command was called wrongly."""
    return CommandError(message, ExitCode.USAGE)


def say(line: str = "") -> None:
    """Print a line to standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def warn(line: str) -> None:
    """Print a line to standard error."""
    sys.stderr.write(f"eventgate: {line}\n")
    sys.stderr.flush()


def count(number: int, noun: str) -> str:
    """`number` with its noun: `1 error`, `2 errors`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def ignore_broken_pipe() -> None:
    """Let the interpreter end without a complaint once the reader of standard output has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
