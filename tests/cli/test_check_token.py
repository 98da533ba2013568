"""`eventgate check --token`: what the gate would say of a token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eventgate.testing import TokenMaker
from tests.cli.checked_conf import Conf, checked_conf


@pytest.fixture
def conf(tmp_path: Path) -> Iterator[Conf]:
    """A directory without findings, whose key address answers."""
    with checked_conf(tmp_path) as made:
        yield made


def test_a_good_token_is_told_what_it_may(conf: Conf) -> None:
    ended = conf.check_token(conf.maker.token("eva"))
    assert ended.code == 0
    said = ended.out.splitlines()
    assert said[0].startswith("token: valid for eva until 20")
    assert said[1] == "token: may write to audit, orders"
    assert said[2] == "token: only events that meet constraints: audit"


def test_a_header_value_is_a_token_too(conf: Conf) -> None:
    assert conf.check_token("Bearer " + conf.maker.token("max")).code == 0


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1000}, "expired"),
        ({"nbf": 9999999999}, "not_yet"),
        ({"aud": "other"}, "audience"),
        ({"sub": None}, "claims"),
    ],
)
def test_a_bad_token_is_told_why(conf: Conf, claims: dict[str, Any], reason: str) -> None:
    token = conf.maker.token(**claims)
    ended = conf.check_token(token)
    assert ended.code == 1
    assert f"token: refused: {reason}: " in ended.out
    assert token not in ended.out


def test_a_token_of_another_issuer_is_refused(conf: Conf) -> None:
    assert "refused: signature" in conf.check_token(TokenMaker().token()).out


def test_a_token_cannot_be_judged_without_keys(conf: Conf) -> None:
    conf.config["token_public_keys_url"] = "http://127.0.0.1:1/keys"
    conf.write()
    ended = conf.check_token(conf.maker.token())
    assert ended.code == 3
    assert "the public keys cannot be read" in ended.error()


def test_a_token_file_that_is_not_there(conf: Conf) -> None:
    ended = conf.check("--token", "absent")
    assert ended.code == 2
    assert "absent" in ended.error()
