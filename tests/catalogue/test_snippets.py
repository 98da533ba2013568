"""The programs of a topic's page, run as copied: whatever the topic is called and whatever the event holds."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventgate.catalogue.snippets import LANGUAGES, curl, java, javascript, python
from eventgate.testing import TokenMaker
from tests.deployment import key_server
from tests.server_process import ServerProcess

TOPIC = "a'b\"c $(id) `x` \\ ü%{q}"
EVENT: dict[str, Any] = {
    "quotes": "' \" \"\"\" ''' ` $HOME $(id) ${x} \\ \\u0041 \\n %s",
    "white\tspace": "line\nend  ",
    "ž\u2028𝄞": ["", {}, [], None, True, False, 1.5, 10**15, "</script>"],
    "*/ //": "trailing \\",
}
HUGE: dict[str, Any] = {"n": 2**60 + 1, "__proto__": {"a": 1}}
PATIENCE_SECONDS = 120
COMMANDS = {
    "curl": ["sh", "program"],
    "Python": [sys.executable, "program"],
    "Java": ["java", "Send.java"],
    "JavaScript": ["node", "program.mjs"],
}


class Site:
    """A gate and what landed in it."""

    def __init__(self, url: str, token: str, database: Path) -> None:
        self.url = url
        self.token = token
        self._database = database

    def landed(self) -> list[str]:
        """The events of the odd topic, as they were posted, in the order of their coming."""
        with closing(sqlite3.connect(self._database)) as database:
            rows = database.execute("SELECT event FROM events WHERE topic = ? ORDER BY rowid", (TOPIC,))
            return [row[0] if isinstance(row[0], str) else row[0].decode() for row in rows]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    conf = tmp_path_factory.mktemp("conf")
    tokens = TokenMaker()
    (conf / "access.json").write_text(json.dumps({TOPIC: ["ada"]}))
    with key_server(tokens.jwks()) as keys:
        config = {
            "access_config": "access.json",
            "topics": {TOPIC: {"schema": {}}},
            "token_public_keys_url": keys,
            "writers": {"sqlite": {"path": "events.db"}},
        }
        (conf / "config.json").write_text(json.dumps(config))
        with ServerProcess(conf, log_level="ERROR") as server:
            yield Site(f"http://127.0.0.1:{server.port}", tokens.token("ada"), conf / "events.db")


def run(site: Site, language: str, folder: Path, event: str | None) -> str:
    """What a program of `language` prints that sends `event`."""
    command = COMMANDS[language]
    (folder / command[-1]).write_text(LANGUAGES[language](site.url, TOPIC, event), encoding="utf-8")
    assert shutil.which(command[0]) is not None, f"{command[0]} is needed to run what the page shows"
    environment = {**os.environ, "EVENTGATE_TOKEN": site.token, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_sends_what_the_page_shows(site: Site, language: str, tmp_path: Path) -> None:
    before = len(site.landed())
    text = json.dumps(EVENT, indent=2, ensure_ascii=False)
    assert "202" in run(site, language, tmp_path, text)
    (landed,) = site.landed()[before:]
    assert json.loads(landed) == EVENT


def test_a_command_for_the_shell_sends_the_very_bytes(site: Site, tmp_path: Path) -> None:
    text = json.dumps(HUGE, indent=1)
    run(site, "curl", tmp_path, text)
    assert site.landed()[-1] == text


def test_an_event_that_is_too_long_for_a_program_comes_from_a_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text('["from a file"]')
    assert "202" in run(site, "curl", tmp_path, None)
    assert site.landed()[-1] == '["from a file"]'
    for write in (java, javascript, python):
        assert '"event.json"' in write("https://gate.example", "t", None)


def test_what_javascript_would_change_is_sent_as_text() -> None:
    assert "JSON.stringify(event)" in javascript("https://gate.example", "t", '{"n": 1}')
    for event in ('{"n": 9007199254740993}', '{"a": [{"__proto__": 1}]}'):
        assert f"const event = {json.dumps(event)};" in javascript("https://gate.example", "t", event)


def test_an_event_that_is_no_object_stays_json() -> None:
    assert "event = '\"text\"'" in python("https://gate.example", "t", '"text"')


def test_a_prefix_before_the_gate_stays_in_the_address() -> None:
    assert "'https://gate.example/prod/topics/a%20b'" in curl("https://gate.example/prod", "a b", "{}")
