"""The compiled wheel (hatch_build.py) answers as the other: the same tests, on the compiled modules."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.sources import ROOT

SUITES = ("tests/core", "tests/server", "tests/parity")
OUTSIDE = ("PYTHON", "COVERAGE", "PYTEST")
"""What leads Python to the source, counts its lines, or tells a pytest that it is another's worker."""


def environment(**more: str) -> dict[str, str]:
    """This process's, without what is of its own test run."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OUTSIDE)} | more


def run(*command: str | Path, **more: str) -> str:
    """What a command says that must succeed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, env=environment(**more), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    run(*build, HATCH_BUILD_HOOK_ENABLE_CUSTOM="true")
    (wheel,) = folder.glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    run(*pip, "--target", folder / "site", wheel)
    return folder / "site"


def test_it_passes_the_tests_of_core_server_and_parity(compiled: Path) -> None:
    look = "import eventgate.core.gateway, eventgate.core.json; print(eventgate.core.json.__file__)"
    assert not run(sys.executable, "-c", look, PYTHONPATH=str(compiled)).strip().endswith(".py")
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES)
    told = run(*pytest_, PYTHONPATH=str(compiled))
    assert re.search(r"\d{4} passed", told)
    assert "skipped" not in told
