"""`eventgate token`."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from eventgate.dev.keys import KEY_FILE, ensure_key
from tests.cli.commands import eventgate


def test_it_prints_a_token_and_nothing_else(tmp_path: Path) -> None:
    key = ensure_key(tmp_path)
    ended = eventgate("token", "--sub", "Eva", "--ttl", "60", "--dir", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    public = jwt.PyJWKSet.from_dict(key.key_set())[key.kid]
    claims = jwt.decode(ended.out.strip(), public.key, algorithms=["RS256"])
    assert claims["sub"] == "Eva"
    assert claims["exp"] - claims["iat"] == 60
    assert ended.out.count("\n") == 1


def test_without_a_key_it_says_where_one_comes_from(tmp_path: Path) -> None:
    ended = eventgate("token", "--sub", "Eva", cwd=tmp_path)
    assert ended.code == 2
    assert "`eventgate dev` makes one" in ended.error()


def test_a_broken_key_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).parent.mkdir()
    (tmp_path / KEY_FILE).write_text("nothing")
    ended = eventgate("token", "--sub", "Eva", "--dir", tmp_path)
    assert ended.code == 2
    assert "is no RSA key" in ended.error()


@pytest.mark.parametrize("arguments", [("--sub", ""), ("--sub", "a", "--ttl", "0"), ("--sub", "a", "--ttl", "86401")])
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ensure_key(tmp_path)
    ended = eventgate("token", *arguments, "--dir", tmp_path)
    assert ended.code == 2
    assert ended.error()
