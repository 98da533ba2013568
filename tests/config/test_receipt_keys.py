"""The keys of receipts: by reference, long enough, and one of them active."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from eventgate.config.lint import lint
from eventgate.config.receipt_keys import receipts_of
from eventgate.core.receipts import Receipts, scope_of
from tests.cli.commands import eventgate
from tests.config.directories import load, make, write

KEY = "a key of thirty-two bytes, or so"
SCOPE = scope_of("orders", "ann", b"1")


async def found(root: Path, receipts: Any, **env: str) -> set[tuple[str, str, str]]:
    """Severity, place and text of what is wrong with `receipts`."""
    findings = await lint(str(make(root, receipts=receipts)), env)
    return {
        (finding.severity, finding.pointer, finding.message)
        for finding in findings
        if finding.pointer.startswith("/receipts")
    }


async def test_keys_come_by_reference_from_wherever_secrets_do(tmp_path: Path) -> None:
    """Their text is the key, as UTF-8, without the line end of a file."""
    write(tmp_path / "receipts.key", f"{KEY}\n".encode())
    keys = {"new": "env:RECEIPTS", "old": "file:receipts.key"}
    assert await found(tmp_path, {"active": "new", "keys": keys}, RECEIPTS="é" * 16) == set()
    settings = (await load(tmp_path, {"RECEIPTS": "é" * 16})).settings
    receipts = receipts_of(settings)
    assert receipts is not None
    assert settings.receipts is not None
    assert "é" not in repr(settings.receipts)
    for active, key in (("new", ("é" * 16).encode()), ("old", KEY.encode())):
        text = Receipts(active, {active: key}, 60).issue(SCOPE, "e", [{}], {})
        assert text is not None
        assert receipts.open(text.encode(), SCOPE, {}) is not None


async def test_without_the_section_there_are_none(tmp_path: Path) -> None:
    assert receipts_of((await load(make(tmp_path))).settings) is None


@pytest.mark.parametrize(
    ("active", "keys", "expected"),
    [
        ("b", {"a": "env:LONG"}, ("error", "/receipts/active", "is the id of none of the `keys`")),
        ("a", {"a": "env:SHORT"}, ("error", "/receipts/keys/a", "is shorter than 16 bytes: receipts could be forged")),
        (
            "a",
            {"a": "env:LONG", "b": "env:SHORT"},
            ("error", "/receipts/keys/b", "is shorter than 16 bytes: receipts could be forged"),
        ),
        ("a", {"a": "env:FAIR"}, ("warning", "/receipts/keys/a", "is shorter than the recommended 32 bytes")),
        ("a", {"a": KEY}, ("warning", "/receipts/keys/a", "whoever can read this file can sign receipts")),
        ("a", {"a": "env:ABSENT"}, ("error", "/receipts/keys/a", "the environment variable ABSENT is not set")),
        (
            "a b",
            {"a b": "env:LONG"},
            ("error", "/receipts/keys/a b", "a key's id has letters, digits and ._- only, 32 at most"),
        ),
        ("a", {"a": "env:LONG", "é": "env:LONG"}, ("error", "/receipts/keys/é", "")),
        ("x" * 33, {"x" * 33: "env:LONG"}, ("error", f"/receipts/keys/{'x' * 33}", "")),
        ("", {"": "env:LONG"}, ("error", "/receipts/active", "must have at least 1 characters")),
        ("a", {}, ("error", "/receipts/keys", "must have at least 1 members")),
    ],
)
async def test_what_is_wrong_with_them_is_a_finding_in_its_place(
    tmp_path: Path, active: str, keys: dict[str, str], expected: tuple[str, str, str]
) -> None:
    env = {"LONG": KEY, "FAIR": "x" * 16, "SHORT": "x" * 15}
    findings = await found(tmp_path, {"active": active, "keys": keys}, **env)
    severity, pointer, message = expected
    assert [text for level, place, text in findings if (level, place) == (severity, pointer) and message in text]
    assert not any(value in text for _, _, text in findings for value in env.values())


async def test_a_misspelt_active_key_gets_a_hint(tmp_path: Path) -> None:
    make(tmp_path, receipts={"active": "2026-1", "keys": {"2026-11": "env:KEY"}})
    (hint,) = [each.hint for each in await lint(str(tmp_path), {"KEY": KEY}) if each.pointer == "/receipts/active"]
    assert hint is not None
    assert "2026-11" in hint


@pytest.mark.parametrize("key", [KEY, "file:receipts.key"])
def test_no_command_shows_a_key(tmp_path: Path, key: str) -> None:
    """Not even one that stands in the file."""
    write(tmp_path / "receipts.key", KEY.encode())
    make(tmp_path, receipts={"active": "a", "keys": {"a": key}})
    for options in ((), ("--show",), ("--show", "--format", "json")):
        ended = eventgate("check", "--conf", tmp_path, *options)
        assert KEY not in ended.out + ended.err
        assert base64.b64encode(KEY.encode()).decode() not in ended.out
