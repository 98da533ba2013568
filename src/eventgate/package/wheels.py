"""The locked libraries, resolved for the target by pip and unpacked into a folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from eventgate.package.errors import NotPackaged
from eventgate.package.target import Target

_ALWAYS: Final = (
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    "--no-compile",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--implementation=cp",
)
_ERROR: Final = "ERROR: "


def install(requirements: str, target: Target, folder: Path, wheelhouse: Path | None = None) -> None:
    """Unpack the distributions that `requirements` pins into `folder`; raises `NotPackaged`.

    Only wheels for the target are taken, and only with the digests of the lock. Where they come from is pip's
    configuration; with `wheelhouse` that folder, and nothing else is asked.
    """
    if importlib.util.find_spec("pip") is None:
        raise NotPackaged("pip is not installed beside EventGate, and it has to find the libraries")
    if wheelhouse is not None and not wheelhouse.is_dir():
        raise NotPackaged(f"the wheelhouse {wheelhouse} is no folder")
    with tempfile.TemporaryDirectory(prefix="eventgate-") as name:
        wanted = Path(name, "requirements.txt")
        wanted.write_text(requirements, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", *_ALWAYS, *_tags(target), *_places(wheelhouse)]
        done = subprocess.run(  # noqa: S603  our own interpreter, with arguments made here
            [*command, "--target", str(folder), "--requirement", str(wanted)],
            env=os.environ | {"PIP_REQUIRE_VIRTUALENV": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise NotPackaged(_reason(done.stderr, wheelhouse))


def _places(wheelhouse: Path | None) -> list[str]:
    """`--isolated` keeps pip's variables and files out: nothing but the wheelhouse may be asked."""
    return [] if wheelhouse is None else ["--isolated", "--no-index", "-f", str(wheelhouse.resolve())]


def _tags(target: Target) -> list[str]:
    return [f"--python-version={target.python}", *(f"--platform={platform}" for platform in target.platforms)]


def _reason(said: str, wheelhouse: Path | None) -> str:
    """pip's last error, on one line."""
    errors = [line.removeprefix(_ERROR).strip() for line in said.splitlines() if line.startswith(_ERROR)]
    reason = errors[-1] if errors else (said.strip().splitlines() or ["pip gave no reason"])[-1]
    where = f" in {wheelhouse}" if wheelhouse is not None else ""
    return f"pip could not get the libraries{where}: {reason}"
