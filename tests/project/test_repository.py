"""The project's own files: locks without addresses, nothing of one machine, the same form everywhere."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.sources import ROOT, text_files

LOCKS = ("runtime.txt", "dev.txt", "build.txt")
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][0-9a-z.+]*)(?: ; [^\\:]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
ADDRESS_OPTIONS = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|(?:PIP|UV)_\w*(?:INDEX|LINKS)")


def lock_lines(name: str) -> list[str]:
    return (ROOT / "requirements" / name).read_text().splitlines()


def pins(name: str) -> dict[str, str]:
    return {match["name"]: match["version"] for line in lock_lines(name) if (match := PIN.fullmatch(line))}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    """No address in particular: where packages come from is the business of whoever installs them."""
    lines = lock_lines(name)
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []
    followed = zip(lines, [*lines[1:], ""], strict=True)
    assert [line for line, following in followed if PIN.fullmatch(line) and not HASH.fullmatch(following)] == []


def test_the_developers_lock_installs_what_users_get() -> None:
    assert pins("runtime.txt").items() <= pins("dev.txt").items()


def test_the_wheel_of_the_image_is_built_as_the_developers_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert pins("build.txt").items() <= pins("dev.txt").items()
    compiler = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["dependencies"]
    assert project["dependency-groups"]["build"] == [*project["build-system"]["requires"], *compiler]


def test_the_locks_satisfy_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [each for group in project["project"]["optional-dependencies"].values() for each in group]
    runtime = [Requirement(each) for each in (*project["project"]["dependencies"], *extras)]
    dev = [Requirement(each) for each in (*project["dependency-groups"]["dev"], *project["build-system"]["requires"])]
    assert unsatisfied([each for each in runtime if each.name != "eventgate"], pins("runtime.txt")) == []
    assert unsatisfied(dev, pins("dev.txt")) == []


def unsatisfied(requirements: list[Requirement], locked: dict[str, str]) -> list[str]:
    return [
        str(each)
        for each in requirements
        if canonicalize_name(each.name) not in locked
        or not each.specifier.contains(locked[canonicalize_name(each.name)])
    ]


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    personal = {str(ROOT), str(Path.home())} - {"/", "/root"}
    marks = [re.escape(f"{folder}/") for folder in personal] + [r"/(?:home|Users)/[A-Za-z0-9._-]+/", r"/root/"]
    pattern = re.compile("|".join(marks))
    own = Path(__file__).relative_to(ROOT)
    assert [str(path) for path, text in text_files() if path != own and pattern.search(text)] == []


def test_no_file_says_where_packages_come_from() -> None:
    exempt = {Path(__file__).relative_to(ROOT)}
    named = {
        str(path)
        for path, text in text_files()
        if path not in exempt and ADDRESS_OPTIONS.search(_without_denials(text))
    }
    assert named == set()


def _without_denials(text: str) -> str:
    return text.replace("--no-emit-index-url", "").replace("--no-emit-find-links", "")


@pytest.mark.parametrize("name", [".ci/run", "scripts/find-python", "scripts/make-venv"])
def test_scripts_can_be_run(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def test_text_files_end_with_one_line_feed_and_have_no_carriage_returns() -> None:
    odd = [
        str(path)
        for path, text in text_files()
        if text and path.suffix != ".ndjson" and (not text.endswith("\n") or text.endswith("\n\n") or "\r" in text)
    ]
    assert odd == []
