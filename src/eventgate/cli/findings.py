"""Findings as people read them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

import typer

from eventgate.cli.terminal import count
from eventgate.errors import Finding

_COLORS = {"error": "red", "warning": "yellow"}


def show_findings(findings: Iterable[Finding], stream: TextIO | None = None) -> None:
    """Print each finding on one line: severity, place, message, hint. To standard error unless told otherwise."""
    stream = stream or sys.stderr
    for finding in findings:
        severity = _colored(finding.severity, _COLORS[finding.severity], stream)
        stream.write(f"{severity}{str(finding).removeprefix(finding.severity)}\n")
    stream.flush()


def tally(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(finding.severity == "error" for finding in findings)
    return f"{count(errors, 'error')}, {count(len(findings) - errors, 'warning')}"


def has_errors(findings: Iterable[Finding], *, strict: bool = False) -> bool:
    """Whether there is an error among `findings`; with `strict`, whether there is anything at all."""
    return any(strict or finding.severity == "error" for finding in findings)


def _colored(text: str, color: str, stream: TextIO) -> str:
    return typer.style(text, fg=color) if stream.isatty() and not os.environ.get("NO_COLOR") else text
