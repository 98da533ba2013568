"""Packages that several tests look at, built once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from eventgate.package.contents import distributions
from eventgate.package.lock import locked, runtime_lock
from eventgate.package.target import Target
from tests.cli.commands import Ended, eventgate

ARM = Target("arm64", "3.12")


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of a package for ARM and Python 3.12 with Postgres, as the deployment page says to fetch them."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    wanted = folder.with_suffix(".txt")
    wanted.write_text(locked(runtime_lock(), distributions(["postgres"])))
    platforms = [f"--platform={platform}" for platform in ARM.platforms]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    tags = ["--only-binary=:all:", f"--python-version={ARM.python}", *platforms]
    subprocess.run([*command, *tags, "--dest", folder, "--requirement", wanted], check=True)
    return folder


@pytest.fixture(scope="session")
def arm(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """That package, built from the wheelhouse without any network, with the sample configuration."""
    file = tmp_path_factory.mktemp("arm") / "function.zip"
    return file, package_for_arm(wheelhouse, file)


def package_for_arm(wheelhouse: Path, file: Path, *more: str | Path) -> Ended:
    """Build it."""
    options = ("--arch", "arm64", "--python", "3.12", "--writers", "postgres", "--wheelhouse", wheelhouse)
    nowhere = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    return eventgate("package", "lambda", *options, *(more or ("--conf", "conf")), "-o", file, env=nowhere)
