"""References stand for secrets, and what they stand for never shows."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import msgspec
import pytest

from eventgate.config.secrets import Secret, Secrets
from eventgate.config.sources import FileDirectory
from tests.config.directories import write


class _Settings(msgspec.Struct):
    password: str
    nested: dict[str, str] = {}


def _secrets(path: Path, **env: str) -> Secrets:
    return Secrets(FileDirectory(path), env)


async def test_references_are_resolved_at_any_depth(tmp_path: Path) -> None:
    write(tmp_path / "key", "from file\n")
    value = {"a": "env:NAME", "b": ["file:key", "plain", 5], "c": {"d": None, "e": "http://x"}}
    resolved, findings = await _secrets(tmp_path, NAME="from env").resolve(value, file="config.json")
    assert resolved == {"a": "from env", "b": ["from file", "plain", 5], "c": {"d": None, "e": "http://x"}}
    assert findings == ()


@pytest.mark.parametrize(
    ("content", "secret"),
    [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("two\nlines\n\n", "two\nlines\n")],
)
async def test_one_trailing_newline_of_a_file_is_cut(tmp_path: Path, content: str, secret: str) -> None:
    write(tmp_path / "key", content.encode())
    resolved, _ = await _secrets(tmp_path).resolve("file:key", file="config.json")
    assert resolved == secret


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:ABSENT", "the environment variable ABSENT is not set"),
        ("env:EMPTY", "the environment variable EMPTY is not set"),
        ("file:absent", "there is no file absent"),
        ("file:empty", "the file empty is empty"),
        ("file:folder", "the file folder cannot be read: is a directory"),
        ("file:binary", "the file binary is not UTF-8 text"),
    ],
)
async def test_a_reference_that_leads_nowhere_is_a_finding(tmp_path: Path, reference: str, message: str) -> None:
    write(tmp_path / "empty", b"\n")
    write(tmp_path / "binary", b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    value = {"a": {"b/c": [reference]}}
    _, findings = await _secrets(tmp_path, EMPTY="").resolve(value, file="config.json")
    assert [(each.severity, each.pointer, each.message) for each in findings] == [("error", "/a/b~1c/0", message)]


async def test_a_secret_shows_as_its_reference_wherever_settings_are_shown(tmp_path: Path) -> None:
    raw = {"password": "env:P", "nested": {"k": "env:P"}}
    resolved, _ = await _secrets(tmp_path, P="hunter2").resolve(raw, file="config.json")
    settings = msgspec.convert(resolved, _Settings)
    assert settings.password == "hunter2"
    assert "hunter2" not in repr(settings)
    assert repr(settings.password) == "<env:P>"


def test_a_secret_survives_copies() -> None:
    secret = Secret("hunter2", "env:P")
    for twin in (copy.deepcopy(secret), pickle.loads(pickle.dumps(secret))):  # noqa: S301 - our own bytes
        assert twin == "hunter2"
        assert repr(twin) == "<env:P>"
