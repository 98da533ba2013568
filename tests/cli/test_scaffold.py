"""The directory that `eventgate dev` makes, and takes as it is from then on."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from eventgate.dev.keys import KEY_FILE, BadKey, ensure_key, load_key
from eventgate.dev.scaffold import (
    RECEIPT_KEY_FILE,
    NotScaffolded,
    local_issuer_port,
    point_to_issuer,
    scaffold_dev,
    scaffold_init,
)


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    assert scaffold_dev(tmp_path)
    (tmp_path / "access.json").write_text("{}")
    (tmp_path / "topics" / "orders.json").unlink()
    assert not scaffold_dev(tmp_path)
    assert (tmp_path / "access.json").read_text() == "{}"
    assert not (tmp_path / "topics" / "orders.json").exists()


def test_git_ignores_all_of_it(tmp_path: Path) -> None:
    scaffold_dev(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("scaffold", [scaffold_dev, scaffold_init])
def test_each_directory_has_a_receipt_key_of_its_own(tmp_path: Path, scaffold: Callable[[Path], object]) -> None:
    """As long as it should be, for its owner's eyes only, and never in git."""
    keys = set()
    for name in ("a", "b"):
        scaffold(tmp_path / name)
        path = tmp_path / name / RECEIPT_KEY_FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (path.parent / ".gitignore").read_text() == "*\n"
        config = json.loads((tmp_path / name / "config.json").read_bytes())
        assert config["receipts"]["keys"] == {config["receipts"]["active"]: f"file:{RECEIPT_KEY_FILE}"}
        keys.add(path.read_text())
    assert len(keys) == 2
    assert all(len(key) >= 32 for key in keys)


def test_a_directory_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(NotScaffolded, match=r"holds no config\.json"):
        scaffold_dev(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_example_brings_its_topics_and_events(tmp_path: Path) -> None:
    example = tmp_path / "example"
    for name, text in {"topics/a.json": "{}", "events/valid/a.ndjson": "{}\n", "access.json": '{"a": ["x"]}'}.items():
        path = example / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    scaffold_dev(tmp_path / "d", example)
    assert [path.name for path in (tmp_path / "d" / "topics").iterdir()] == ["a.json"]
    assert (tmp_path / "d" / "samples" / "valid" / "a.ndjson").read_text() == "{}\n"
    assert (tmp_path / "d" / "access.json").read_text() == '{"a": ["x"]}'
    assert "writers" in json.loads((tmp_path / "d" / "config.json").read_bytes())


def test_the_key_is_its_owners_alone_and_stays_the_same(tmp_path: Path) -> None:
    kid = ensure_key(tmp_path).kid
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"
    path.chmod(0o644)
    assert ensure_key(tmp_path).kid == kid
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_broken_key_is_said_to_be_one(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).parent.mkdir()
    (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(BadKey, match="no RSA key"):
        load_key(tmp_path)


def test_the_issuers_port_changes_and_nothing_else(tmp_path: Path) -> None:
    scaffold_dev(tmp_path)
    path = tmp_path / "config.json"
    before = path.read_text()
    point_to_issuer(tmp_path, "http://127.0.0.1:40123")
    assert path.read_text() == before.replace(":8089/", ":40123/")
    assert local_issuer_port(tmp_path) == 40123
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith("config")) == ["config.json"]


@pytest.mark.parametrize("config", ['{"token_public_keys_url": "https://sso.example/keys"}', "{", "[]", "{}"])
def test_another_issuer_is_left_alone(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert local_issuer_port(tmp_path) is None
    point_to_issuer(tmp_path, "http://127.0.0.1:40123")
    assert (tmp_path / "config.json").read_text() == config
