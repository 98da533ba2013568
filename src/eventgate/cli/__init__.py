"""The `eventgate` command (docs/commands.md)."""

from __future__ import annotations

import sys
from typing import NoReturn

_NEEDS_SERVER = frozenset({"typer", "rich", "uvicorn", "uvloop", "httptools"})
"""What the extra `server` brings."""


def main() -> NoReturn:
    """Run the command line of this process and exit: 0 done, 1 findings, 2 usage, 3 something cannot be reached."""
    try:
        from eventgate.cli.program import run

        code = run(sys.argv[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDS_SERVER:
            raise
        print("eventgate: this command needs more packages: pip install 'eventgate[server]'", file=sys.stderr)  # noqa: T201  what warns may be missing
        code = 2
    sys.exit(code)
