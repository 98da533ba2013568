"""The scripts behind the make targets: which Python they take, and that no suite passes by not running."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.project.sources import ROOT


@pytest.fixture(scope="module")
def suites() -> ModuleType:
    """scripts/test.py as a module."""
    spec = spec_from_file_location("suites", ROOT / "scripts" / "test.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["suites"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a project whose pytest has no plugins but those that are named: they take longer than its tests."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "passed", "failed"),
    [
        ("def test_a(): pass\ndef test_b(): pass\n", 2, 0),
        ("def test_a(): pass\ndef test_b(): assert False\n", 1, 1),
        ("import pytest\ndef test_a(): pytest.skip('no')\n", 0, 1),
        ("def test_a(lost): pass\n", 0, 1),
        ("import nothing_of_that_name\n", 0, 1),
        ("", 0, 1),
    ],
    ids=["good", "failing", "skipping", "broken fixture", "broken import", "no tests"],
)
def test_only_tests_that_ran_and_held_count_as_passed(
    suites: ModuleType, alone: Path, source: str, passed: int, failed: int
) -> None:
    (alone / "test_sample.py").write_text(source)
    result = suites.attempt((sys.executable,), str(alone / "test_sample.py"), "-p", "no:cacheprovider")
    assert (result.passed, result.failed) == (passed, failed)


def test_what_fails_beside_others_is_run_again_alone_and_told(suites: ModuleType, alone: Path) -> None:
    """Once: what is broken fails the second time as well."""
    sample = alone / "test_sample.py"
    sample.write_text(
        "import pathlib\n"
        "def test_good(): pass\n"
        "def test_late(tmp_path):\n"
        "    seen = pathlib.Path(__file__).with_name('seen')\n"
        "    was = seen.exists()\n"
        "    seen.touch()\n"
        "    assert was\n"
    )
    result = suites.pytest((sys.executable,), str(sample), "--rootdir", str(alone), "-p", "xdist")
    assert (result.passed, result.failed, result.remark) == (2, 0, "1 of them when run again")


def find_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "find-python"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_python_that_is_named_is_taken() -> None:
    assert find_python(PYTHON=sys.executable, PATH="").stdout.strip() == sys.executable


def test_without_any_python_one_line_says_what_is_wanted(tmp_path: Path) -> None:
    found = find_python(PATH=str(tmp_path), HOME=str(tmp_path))
    assert found.returncode == 1
    assert found.stdout == ""
    assert "Python 3.11 or newer" in found.stderr
    assert found.stderr.count("\n") == 1


def test_an_interpreter_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    placeholder = tmp_path / "python3.13"
    placeholder.write_text("#!/bin/sh\necho 'not installed' >&2\nexit 127\n")
    placeholder.chmod(0o755)
    (tmp_path / "python3").symlink_to(sys.executable)
    found = find_python(PATH=str(tmp_path), HOME=str(tmp_path))
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).name.startswith("python3")


def test_a_python_that_packages_need_is_named_and_counts_as_failed(
    suites: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "run", lambda *command: "3.12" not in command)
    monkeypatch.setattr(suites, "pytest", lambda *_: suites.Result(passed=5))
    result = suites.tests()
    assert (result.passed, result.failed) == (5, 1)
    assert "Python 3.12 on this machine" in result.remark
