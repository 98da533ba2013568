"""Programs out of the distribution's packages, installed where we may."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tests.services.process import ServiceUnavailable, cache_folder

SEARCHED = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Servers are often not on the path of a user."""


def program(name: str, package: str) -> Path:
    """The program, out of Debian's `package` if it is not there yet; raises `ServiceUnavailable`."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        _install(name, package)
        found = shutil.which(name, path=SEARCHED)
    if found is None:
        raise ServiceUnavailable(f"the package {package} holds no program {name}")
    return Path(found)


def _install(name: str, package: str) -> None:
    """As root on Debian and its kin; processes side by side wait for each other."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise ServiceUnavailable(f"{name} is missing: install it (on Debian `apt-get install {package}`)")
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if shutil.which(name, path=SEARCHED) is None:
            for arguments in (("update",), ("install", "--yes", "--no-install-recommends", package)):
                _run(apt, *arguments)


def _run(apt: str, *arguments: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run([apt, "--quiet", *arguments], env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceUnavailable(f"apt-get {arguments[0]} failed: {' '.join(done.stderr.split())[-500:]}")
