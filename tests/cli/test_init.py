"""`eventgate init`: a configuration to start from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import eventgate


def test_what_it_makes_has_nothing_wrong(tmp_path: Path) -> None:
    assert eventgate("init", tmp_path / "a" / "b").code == 0
    ended = eventgate("check", "--conf", tmp_path / "a" / "b", "--strict")
    assert (ended.code, ended.out) == (0, "0 errors, 0 warnings\n")


def test_it_says_what_to_edit(tmp_path: Path) -> None:
    ended = eventgate("init", "conf", cwd=tmp_path)
    assert "eventgate check --conf conf" in ended.out
    assert "token_public_keys_url" in (tmp_path / "conf" / "README.md").read_text()
    assert json.loads((tmp_path / "conf" / "config.json").read_bytes())["$comment"]


def test_its_samples_are_good_and_bad(tmp_path: Path) -> None:
    eventgate("init", "conf", cwd=tmp_path)
    for topic in ("orders", "readings"):
        ended = eventgate("validate", topic, f"conf/samples/{topic}.ndjson", "--conf", "conf", cwd=tmp_path)
        assert ended.out.endswith("2 events: 1 good, 1 would be refused\n")


def test_an_empty_directory_is_filled_in_its_place(tmp_path: Path) -> None:
    """The shell that stands in it still stands in it."""
    before = tmp_path.stat().st_ino
    assert eventgate("init", ".", cwd=tmp_path).code == 0
    assert tmp_path.stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md",
        "access.json",
        "config.json",
        "samples",
        "secrets",
        "topics",
    ]


@pytest.mark.parametrize("name", ["config.json", "notes.txt"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    ended = eventgate("init", tmp_path)
    assert ended.code == 2
    assert "is not empty" in ended.error()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine")
    assert eventgate("init", tmp_path / "f").code == 2
    ended = eventgate("init", tmp_path / "f" / "below")
    assert ended.code == 2
    assert "cannot make" in ended.error()
