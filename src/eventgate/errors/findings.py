"""What is wrong with a configuration."""

from __future__ import annotations

from typing import Literal

import msgspec

from eventgate.errors.base import EventGateError


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a configuration.

    `file` is relative to the configuration directory where it lies inside;
    `pointer` is a JSON Pointer into that file; `hint` says what to do about it.
    """

    severity: Literal["error", "warning"]
    file: str
    message: str
    pointer: str = ""
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}#{self.pointer}" if self.pointer else self.file
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity}: {place}: {self.message}{hint}"


class ConfigurationError(EventGateError):
    """A configuration that no gate can be built from. `findings` holds all of them at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings
