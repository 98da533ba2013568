"""Programs out of the distribution's packages, installed where we may."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.services.process import ServiceUnavailable, cache_folder

SEARCHED = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Servers are often not on the path of a user."""


def program(*commands: str, packages: Sequence[str]) -> Path:
    """The first of `commands` that is there, out of Debian's `packages` if none is; raises `ServiceUnavailable`."""
    found = _find(commands) or _installed(commands, packages)
    if found is None:
        raise ServiceUnavailable(f"{' and '.join(packages)}: no {' or '.join(commands)} in it")
    return Path(found)


def _find(commands: Sequence[str]) -> str | None:
    return next((path for name in commands if (path := shutil.which(name, path=SEARCHED))), None)


def _installed(commands: Sequence[str], packages: Sequence[str]) -> str | None:
    """As root on Debian and its kin; processes side by side wait for each other."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        wanted = " ".join(packages)
        raise ServiceUnavailable(f"{commands[0]} is missing: install it (on Debian `apt-get install {wanted}`)")
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _find(commands) is None:
            for arguments in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
                _run(apt, *arguments)
    return _find(commands)


def _run(apt: str, *arguments: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run([apt, "--quiet", *arguments], env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceUnavailable(f"apt-get {arguments[0]} failed: {' '.join(done.stderr.split())[-500:]}")
