"""Bytecode for the target's Python version, compiled by an interpreter of that version."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventgate.package.errors import NotPackaged
from eventgate.package.target import Target

TASK_ROOT: Final = "/var/task"
"""Where Lambda unpacks a function; tracebacks name files below it."""

_PROBE: Final = "import sys; print('%d.%d' % sys.version_info[:2])"
_COMPILE: Final = """
import compileall, py_compile, sys
good = compileall.compile_dir(
    sys.argv[1], quiet=1, workers=1, force=True, stripdir=sys.argv[1], prependdir=sys.argv[2],
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
)
sys.exit(not good)
"""
"""Unchecked: the interpreter trusts the bytecode whatever the source's time, which a zip file does not keep exactly."""


def find_interpreter(target: Target) -> Path:
    """An interpreter of the target's version on this machine: ours, one in PATH or of pyenv; raises `NotPackaged`."""
    for candidate in _candidates(target.python):
        if _version(candidate) == target.python:
            return candidate
    raise NotPackaged(
        f"bytecode for Python {target.python} needs a Python {target.python} here, and there is none; install it, or "
        "take --no-bytecode, with which each cold start takes about twice as long"
    )


def compile_all(folder: Path, interpreter: Path) -> None:
    """Compile every module below `folder`, in place; the same sources give the same bytes. Raises `NotPackaged`."""
    done = subprocess.run(  # noqa: S603  the interpreter that was found, with a program of ours
        [str(interpreter), "-P", "-s", "-S", "-c", _COMPILE, str(folder), TASK_ROOT],
        env={"PYTHONHASHSEED": "0"},  # else the order of a set in a constant differs from run to run
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = " ".join((done.stdout or done.stderr).split())[-300:]
        raise NotPackaged(f"a module cannot be compiled: {reason}")


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))


def _version(interpreter: Path) -> str:
    """What it says; empty for one that does not run (a version manager's placeholder, say)."""
    try:
        done = subprocess.run(  # noqa: S603  an interpreter named python
            [str(interpreter), "-I", "-c", _PROBE], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
