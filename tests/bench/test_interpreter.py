"""What measured is told truly: that the build was optimised only where it is known, and that it was not likewise."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench.interpreter import how_built, interpreter

USUAL = {"CONFIG_ARGS": "'--enable-shared'", "PGO_PROF_USE_FLAG": "-fprofile-use -fprofile-correction"}
CLEANED = {"CONFIG_ARGS": "'--enable-shared'", "PGO_PROF_USE_FLAG": ""}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (USUAL, "built WITHOUT PGO and LTO"),
        (USUAL | {"CONFIG_ARGS": "'--enable-optimizations'"}, "built with PGO"),
        (USUAL | {"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'"}, "built with PGO and LTO"),
        (USUAL | {"PY_CFLAGS_NODIST": "-flto -fprofile-use"}, "built with PGO and LTO"),
        (USUAL | {"LDFLAGS_NODIST": "-flto"}, "built with LTO"),
        (CLEANED | {"CONFIG_ARGS": "'--enable-optimizations'"}, "built with PGO"),
        (CLEANED, "built with PGO or without (unknown)"),
        ({}, "built with PGO or without (unknown)"),
    ],
)
def test_the_build_is_told_as_its_record_has_it(variables: dict[str, str], told: str, tmp_path: Path) -> None:
    assert how_built(variables, tmp_path / "none.gz") == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("== Python build: release LTO+PGO dtrace", "built with PGO and LTO"),
        ("== Python build: release", "built WITHOUT PGO and LTO"),
        ("== something else: PGO", "built with PGO or without (unknown)"),
    ],
)
def test_a_record_that_was_cleaned_is_completed_from_the_tests_of_the_build(
    line: str, told: str, tmp_path: Path
) -> None:
    tested = tmp_path / "test_results.gz"
    tested.write_bytes(gzip.compress(f"== CPython\n{line}\n".encode()))
    assert how_built(CLEANED, tested) == told


@pytest.mark.parametrize("content", [b"no archive", gzip.compress(b"== Python build")[:-4]])
def test_results_that_cannot_be_read_say_nothing(content: bytes, tmp_path: Path) -> None:
    tested = tmp_path / "test_results.gz"
    tested.write_bytes(content)
    assert "unknown" in how_built(CLEANED, tested)


def test_this_interpreter_is_told_with_its_version() -> None:
    assert interpreter().startswith("3.")
    assert "built" in interpreter()
