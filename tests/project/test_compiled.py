"""The compiled wheel (hatch_build.py) answers as the other: the same tests, on the compiled modules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compiled import compiled as built
from hatch_build import COMPILED
from tests.project.sources import ROOT
from tests.unmeasured import unmeasured

SUITES = ("tests/core", "tests/server", "tests/adapters", "tests/telemetry", "tests/parity")
OF_COMPILED_COROUTINES = "the (type, exc, tb) signature of throw() is deprecated"
"""How mypyc passes a cancellation on to what a coroutine awaits; tests take warnings for errors."""


def run(*command: str, **more: str) -> str:
    """What a command says that must succeed."""
    outside = ("PYTEST", "PYTHONPATH")  # a pytest that is another's worker, modules that are not the wheel's
    env = {name: value for name, value in unmeasured().items() if not name.startswith(outside)} | more
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    site = built(folder)
    (wheel,) = folder.glob("*.whl")
    assert not wheel.name.endswith("-none-any.whl")
    return site


def test_every_module_of_the_list_is_compiled(compiled: Path) -> None:
    """And what a caller's Python loads instead of the source that lies beside it."""
    names = [f"eventgate.{module.replace('/', '.')}" for module in COMPILED]
    look = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    found = run(sys.executable, "-c", look, PYTHONPATH=str(compiled)).split()
    assert len(found) == len(COMPILED)
    assert [each for each in found if not each.endswith((".so", ".pyd")) or not each.startswith(str(compiled))] == []


def test_it_passes_the_tests_of_what_is_compiled(compiled: Path) -> None:
    options = ("-q", "-p", "no:cacheprovider", "-W", f"ignore:{OF_COMPILED_COROUTINES}:DeprecationWarning")
    told = run(sys.executable, "-m", "pytest", *options, *SUITES, PYTHONPATH=str(compiled))
    assert re.search(r"\d{4} passed", told)
    assert "skipped" not in told
