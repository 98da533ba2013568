"""Packages for both of Lambda's Python versions, built once in a run, and the runtime client to run them with."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from eventgate.package.bytecode import find_interpreter
from eventgate.package.lock import locked
from eventgate.package.target import PYTHONS, Target
from eventgate.package.wheels import install
from tests.aws_lambda.function import Code
from tests.cli.commands import PROGRAM
from tests.project.sources import ROOT
from tests.services.process import ServiceUnavailable

RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""What stands in Lambda's own folder; the AWS client, which stands there too, is left out."""
BUILD_SECONDS = 300


@dataclass(frozen=True)
class Built:
    """A package and what its command printed, and how to run it."""

    file: Path
    said: str
    code: Code


def build(folder: Path, python: str, *options: str) -> Built:
    """Run `eventgate package lambda` for `python` on this machine's processor."""
    target = Target(python=next(each for each in PYTHONS if each == python))
    file, root, runtime = folder / "function.zip", folder / "task", folder / "runtime"
    command = [PROGRAM, "package", "lambda", "--python", python, "--arch", machine(), "-o", str(file), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)
    if done.returncode:
        raise ServiceUnavailable(f"no package for Python {python}: {done.stderr}")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(root)
    install(locked(ROOT / "requirements" / "dev.txt", RUNTIME_CLIENT), target, runtime)
    return Built(file, done.stdout, Code(find_interpreter(target), runtime, root))


def machine() -> str:
    """This machine's processor, as Lambda calls it."""
    import platform

    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
