"""The command as its users start it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.cli.loaded import loaded_command

PROGRAM = str(Path(sys.executable).with_name("eventgate"))
_OURS = ("CONF_DIR", "EVENTGATE_TOKEN", "LOG_LEVEL")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """The one line of standard error, without what every error begins with."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("eventgate: ")
        return lines[0].removeprefix("eventgate: ")


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what commands read, and with `env`."""
    return {name: value for name, value in os.environ.items() if name not in _OURS} | dict(env or {})


def eventgate(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Ended:
    """Run `eventgate` to its end; never leaves a traceback."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        where = Path.cwd() if cwd is None else cwd
        code = loaded_command().run([*map(str, arguments)], where, environment(env), [given, out, errors])
        out.seek(0)
        errors.seek(0)
        ended = Ended(code, out.read().decode(), errors.read().decode())
    assert "Traceback" not in ended.err or "--debug" in arguments, ended.err
    return ended
