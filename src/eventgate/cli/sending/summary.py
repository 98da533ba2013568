"""What became of a file."""

from __future__ import annotations

from eventgate.cli.sending.failures import Failures
from eventgate.cli.terminal import ExitCode, count


class Summary:
    """Counts of events. `open` were not accepted but may yet be; `halt` says why the rest was not sent."""

    def __init__(self) -> None:
        self.accepted = 0
        self.duplicates = 0
        self.refused = 0
        self.open = 0
        self.halt: str | None = None
        self.unsent: int | None = None
        """The first line that was not sent."""
        self.unreachable = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left that another run could do."""
        return self.halt is None and not self.open and self.unsent is None

    @property
    def exit_code(self) -> ExitCode:
        """0 only if all were accepted."""
        if self.unreachable:
            return ExitCode.UNREACHABLE
        return ExitCode.FINDINGS if self.refused or self.open or self.halt else ExitCode.DONE

    def describe(self, failures: Failures) -> str:
        """The closing line."""
        failed = self.refused + self.open
        text = f"{count(self.accepted + failed, 'event')}: {self.accepted:,} accepted"
        if self.duplicates:
            text += f" ({self.duplicates:,} had been there before)"
        text += f", {failed:,} not accepted"
        if failed and failures.path is not None:
            text += f" (see {failures.path})"
        if self.unsent is not None:
            text += f"; nothing was sent from line {self.unsent} on"
        return text
