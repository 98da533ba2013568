"""`eventgate check`: what is wrong, what is in force, what is there."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest

from tests.cli.checked_conf import Conf, checked_conf
from tests.cli.commands import PROGRAM, environment, eventgate


@pytest.fixture
def conf(tmp_path: Path) -> Iterator[Conf]:
    """A directory without findings, whose key address answers."""
    with checked_conf(tmp_path) as made:
        yield made


def test_nothing_wrong_is_exit_code_0(conf: Conf) -> None:
    ended = conf.check("--strict")
    assert (ended.code, ended.out, ended.err) == (0, "0 errors, 0 warnings\n", "")


def test_all_findings_at_once_with_place_and_hint(conf: Conf) -> None:
    conf.config |= {"refresh_second": 5, "limits": {"max_depth": "deep"}}
    conf.config["topics"]["orders"]["schema"] = {"type": "objekt"}
    conf.write({"orders": ["eva"], "audit": ["eva"], "ordres": ["eva"]})
    ended = conf.check()
    assert ended.code == 1
    said = ended.out.splitlines()
    for start in (
        "error: config.json#/limits/max_depth: must be an integer",
        "error: config.json#/refresh_second: unknown key (did you mean refresh_seconds?)",
        "error: config.json#/topics/orders/schema",
        "warning: access.json#/ordres",
    ):
        assert any(line.startswith(start) for line in said), (start, said)
    assert said[-1] == "3 errors, 1 warning"


def test_warnings_are_exit_code_0_unless_strict(conf: Conf) -> None:
    conf.config["ssl_ca_bundle"] = False
    conf.write()
    assert conf.check().code == 0
    ended = conf.check("--strict")
    assert ended.code == 1
    assert ended.out.endswith("0 errors, 1 warning\n")


@pytest.mark.parametrize("content", [None, "", '{"topics":', "[]"])
def test_a_config_that_is_none_is_a_finding(conf: Conf, content: str | None) -> None:
    path = conf.folder / "config.json"
    path.unlink() if content is None else path.write_text(content)
    ended = conf.check("--show", "--connect")
    assert ended.code == 1
    assert ended.out.startswith("error: config.json: ")


def test_a_directory_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    ended = eventgate("check", "--conf", tmp_path / "absent")
    assert ended.code == 1
    assert "there is no such directory" in ended.out


def test_conf_dir_stands_for_conf(conf: Conf, tmp_path: Path) -> None:
    assert eventgate("check", cwd=tmp_path, env={"CONF_DIR": str(conf.folder)}).code == 0


def test_json_for_programs(conf: Conf) -> None:
    conf.config |= {"refresh_second": 5}
    conf.write()
    ended = conf.check("--format", "json")
    assert ended.code == 1
    report = json.loads(ended.out)
    assert (report["errors"], report["warnings"]) == (1, 0)
    assert report["findings"] == [
        {
            "severity": "error",
            "file": "config.json",
            "message": "unknown key",
            "pointer": "/refresh_second",
            "hint": "did you mean refresh_seconds?",
        }
    ]


def test_colours_on_a_terminal_only(conf: Conf) -> None:
    conf.config |= {"refresh_second": 5}
    conf.write()
    assert "\x1b[" not in conf.check().out
    for env, colored in (({}, True), ({"NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        arguments = [PROGRAM, "check", "--conf", str(conf.folder)]
        subprocess.run(arguments, stdout=theirs, check=False, env=environment({"TERM": "xterm", **env}))
        os.close(theirs)
        shown = os.read(ours, 10_000)
        os.close(ours)
        assert (b"\x1b[" in shown) == colored


def test_show_has_every_setting_and_a_row_a_topic(conf: Conf) -> None:
    ended = conf.check("--show", "--format", "json")
    report = json.loads(ended.out)
    assert report["settings"]["limits"]["max_depth"] == 64
    assert report["settings"]["writers"]["keep"] == {"type": "sqlite", "path": "kept.db"}
    assert report["topics"] == [
        {
            "topic": "audit",
            "writers": ["keep (optional)"],
            "destinations": ["kept.db"],
            "subjects": ["eva", "max"],
        },
        {
            "topic": "orders",
            "writers": ["keep", "discard"],
            "destinations": ["kept.db", "discard"],
            "subjects": ["eva"],
        },
    ]
    text = conf.check("--show").out
    assert "topic" in text
    assert "kept.db" in text
    assert "keep (optional)" in text


def test_show_never_shows_a_secret(conf: Conf) -> None:
    conf.config["token_provider_url"] = "env:LOGIN"
    conf.config["writers"]["keep"]["path"] = "env:DB"
    conf.write()
    for arguments in ((), ("--format", "json")):
        ended = conf.check("--show", *arguments, env={"LOGIN": "https://hush.example/", "DB": "hush.db"})
        assert ended.code == 0
        assert "env:LOGIN" in ended.out
        assert "env:DB" in ended.out
        assert "hush" not in ended.out + ended.err


def test_show_never_shows_what_should_have_been_a_secret(conf: Conf) -> None:
    """Passwords and keys that stand in the file itself, of any writer, and users in any address."""
    conf.config["token_provider_url"] = "https://u:hush@login.example/"
    conf.config["writers"] |= {
        "db": {"type": "postgres", "dsn": "postgresql://u:hush@h/db"},
        "bus": {
            "type": "kafka",
            "bootstrap_servers": "h:9092",
            "config": {"sasl.password": "hush", "sasl.username": "eva", "ssl.key.password": "hush"},
        },
    }
    conf.write()
    for arguments in ((), ("--format", "json")):
        ended = conf.check("--show", *arguments)
        assert "hush" not in ended.out + ended.err
        assert "h:9092" in ended.out
        assert "eva" in ended.out
        assert "login.example" in ended.out


def test_show_marks_a_broken_topic(conf: Conf) -> None:
    conf.config["topics"]["orders"]["schema"] = {"type": "objekt"}
    conf.config["topics"]["audit"]["schema"] = True
    conf.write()
    assert "(broken: out of service)" in conf.check("--show").out


def test_connect_asks_keys_and_writers(conf: Conf) -> None:
    ended = conf.check("--connect")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[:3] == ["keys: ok", "keep: ok", "discard: ok"]


def test_connect_says_what_cannot_be_reached(conf: Conf) -> None:
    conf.config["writers"]["keep"]["path"] = "no/such/folder/kept.db"
    conf.config["token_public_keys_url"] = "http://127.0.0.1:1/keys"
    conf.write()
    ended = conf.check("--connect")
    assert ended.code == 3
    assert ended.error() == "cannot reach keys, keep"
    answers = json.loads(conf.check("--connect", "--format", "json").out)["connections"]
    assert answers["discard"] == "ok"
    assert "ok" not in (answers["keys"], answers["keep"])


def test_schema_judges_a_config(conf: Conf) -> None:
    """An editor sees what `check` sees."""
    ended = eventgate("check", "--schema")
    assert ended.code == 0
    validator = jsonschema_rs.validator_for(json.loads(ended.out))
    assert validator.is_valid(conf.config)
    assert not validator.is_valid(conf.config | {"refresh_second": 5})
