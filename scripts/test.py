"""Runs the suites that `make test` and CI run, and says what came of them.

    test.py [SUITE ...]      all suites, or those named: lint, types, tests, wheel, versions

A suite that cannot run has failed; so has one that skips a test. The last line sums up: `N passed, N failed`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With it, each of a thousand processes would compile every module that it imports."""
WHEEL_TESTS = "tests/project/test_wheel.py"
SIDE_BY_SIDE = ("--durations=60", "-n", "3", "--dist", "worksteal")
"""Three processes on two cores: many tests wait. Which of them gets which tests: tests/services/sharing.py."""
DOCKERFILES = ("Dockerfile", "deploy/docker/Dockerfile")
FEW = 10
"""How many failed tests are run again."""
ONCE = (
    "tests/aws_lambda",
    "tests/bench",
    "tests/browser",
    "tests/campaign",
    "tests/cli/test_send_journal.py",
    "tests/cli/test_send_resume.py",
    "tests/client/test_real_gate.py",
    "tests/e2e/test_description.py",
    "tests/e2e/test_dev.py",
    "tests/e2e/test_hostile_clients.py",
    "tests/e2e/test_overload.py",
    "tests/e2e/test_planted_secrets.py",
    "tests/e2e/test_seed_configuration.py",
    "tests/e2e/test_server_metrics.py",
    "tests/e2e/test_server_spool.py",
    "tests/examples",
    "tests/faults",
    "tests/package",
    "tests/project",
    "tests/services",
    "tests/terraform",
    "tests/writers/test_plugin_example.py",
)
"""What drives other programs or many processes more than our code, or builds for a Python of its own choice.

Run on one version only, as are the tests of a service but the writers' contract. How a server starts, answers, takes
signals and drains is tested on each.
"""
FEWER = ("-m", "every_version or not service", "--hypothesis-profile=again")
"""Properties are tried with a quarter of the examples."""
VERSIONS = ("3.11", "3.13")
"""Both ends of what is supported; 3.13 is the newest runtime that AWS Lambda has."""
LAMBDA_VERSIONS = ("3.12", "3.13")
"""What packages for Lambda are compiled and run by in tests, whichever version runs these."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one suite ended. A check that is no test (lint, types, a coverage floor) counts as one when it fails."""

    passed: int = 0
    failed: int = 0
    remark: str = ""


def run(*command: str | Path) -> bool:
    """Run `command` from the root with its output on ours; True if it succeeded."""
    print("$", *command, flush=True)
    line = [str(part) for part in command]
    return subprocess.run(line, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, check=False).returncode == 0


def checks(*commands: Sequence[str]) -> Result:
    """One check for each command; all are run."""
    passed = sum([run(*command) for command in commands])
    return Result(passed=passed, failed=len(commands) - passed)


def pytest(launcher: Sequence[str | Path], *arguments: str) -> Result:
    """A run in several processes; a few tests that fail in it get a second chance, one after the other.

    What takes its time from neighbours on a busy machine passes then and is told; what is broken fails again.
    """
    result = attempt(launcher, *SIDE_BY_SIDE, *arguments)
    if not 0 < result.failed <= FEW or result.remark:
        return result
    again = attempt(launcher, "--last-failed", "--last-failed-no-failures=none", *arguments)
    if again.failed or again.passed != result.failed:
        return result
    return Result(result.passed + again.passed, 0, f"{again.passed} of them when run again")


def attempt(launcher: Sequence[str | Path], *arguments: str) -> Result:
    """A pytest run, counted from its own report."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report.xml")
        succeeded = run(*launcher, "-m", "pytest", "-q", f"--junit-xml={report}", *arguments)
        passed, failed, skipped = counts(report)
    if skipped:
        return Result(passed, failed + skipped, f"{skipped} skipped, which counts as failed")
    if not succeeded and not failed:
        return Result(passed, 1, "pytest itself failed")
    return Result(passed, failed)


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed (errors included) and skipped tests of a JUnit report; all 0 where there is none."""
    if not report.exists():
        return 0, 0, 0
    suites = list(ElementTree.parse(report).iter("testsuite"))  # noqa: S314  the report is our own

    def total(*attributes: str) -> int:
        return sum(int(suite.get(attribute, "0")) for suite in suites for attribute in attributes)

    failed, skipped = total("failures", "errors"), total("skipped")
    return total("tests") - failed - skipped, failed, skipped


def lint() -> Result:
    """The linter of Dockerfiles is a program for some machines only, CI's among them."""
    hadolint = Path(PYTHON).with_name("hadolint")
    images = [(str(hadolint), *DOCKERFILES)] if hadolint.exists() else []
    return checks((PYTHON, "-m", "ruff", "check", "."), (PYTHON, "-m", "ruff", "format", "--check", "."), *images)


def types() -> Result:
    return checks((PYTHON, "-m", "mypy", "src", "tests", "scripts/test.py"))


def tests() -> Result:
    """Unit and end-to-end tests, and the floor under their branch coverage."""
    coverage = (PYTHON, "-m", "coverage")
    run(*coverage, "erase")
    missing = [version for version in LAMBDA_VERSIONS if not run("scripts/find-python", version)]
    result = pytest((*coverage, "run"), f"--ignore={WHEEL_TESTS}")
    if missing:
        needed = f"the tests of Lambda packages need Python {' and '.join(missing)} on this machine: install it"
        return Result(result.passed, max(result.failed, 1), needed)
    if not (run(*coverage, "combine", "--quiet") and run(*coverage, "report")):
        return Result(result.passed, result.failed + 1, "coverage is below its floor")
    return result


def wheel() -> Result:
    """In one process, as all of its tests look at one environment that takes long to build."""
    return pytest((PYTHON,), WHEEL_TESTS, "-n", "0")


def versions() -> Result:
    """The tests that may differ from version to version, on the other supported ones that this machine has."""
    own = "{}.{}".format(*sys.version_info)
    results = [on_version(version) for version in VERSIONS if version != own]
    remarks = ", ".join(result.remark for result in results)
    return Result(sum(r.passed for r in results), sum(r.failed for r in results), remarks)


def on_version(version: str) -> Result:
    if not run("scripts/find-python", version):
        return Result(remark=f"no Python {version} on this machine: not run")
    environment = Path(f".venv-{version}")
    if not run("scripts/make-venv", environment, version):
        return Result(failed=1, remark=f"Python {version}: no environment")
    ignored = [f"--ignore={path}" for path in (WHEEL_TESTS, *ONCE)]
    result = pytest((environment / "bin" / "python",), *FEWER, *ignored)
    return Result(result.passed, result.failed, f"Python {version} {result.remark}".strip())


SUITES: dict[str, Callable[[], Result]] = {suite.__name__: suite for suite in (lint, types, tests, wheel, versions)}


def main(names: Iterable[str]) -> int:
    rows = []
    for name in names:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        result = SUITES[name]()
        rows.append((name, (time.monotonic() - started) / 60, result))
    print(f"\n{'suite':<10}{'minutes':>8}{'passed':>8}{'failed':>8}")
    for name, minutes, result in rows:
        print(f"{name:<10}{minutes:>8.1f}{result.passed:>8}{result.failed:>8}  {result.remark}".rstrip())
    failed = sum(result.failed for _, _, result in rows)
    print(f"\n{sum(result.passed for _, _, result in rows)} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in SUITES]
    if unknown:
        sys.exit(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}")
    sys.exit(main(sys.argv[1:] or SUITES))
