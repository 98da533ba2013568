"""`eventgate validate`: the server's judgement, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Ended, eventgate

SCHEMA = {"type": "object", "required": ["id", "n"], "properties": {"n": {"type": "integer", "minimum": 0}}}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Topics `orders` (event id at /id) and `broken`; the key address answers nobody."""
    config: dict[str, Any] = {
        "token_public_keys_url": "http://127.0.0.1:1/keys",
        "topics": {"Orders": {"schema": SCHEMA, "event_id": "/id"}, "broken": {"schema": {"type": "objekt"}}},
        "writers": {"discard": {}},
        "limits": {"max_body_bytes": 200, "max_depth": 4, "requests_per_second_per_subject": 0.1},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "access.json").write_text('{"orders": ["somebody"]}')
    return tmp_path


def validate(conf: Path, events: str, topic: str = "orders") -> Ended:
    return eventgate("validate", topic, "-", "--conf", conf, stdin=events.encode())


def test_good_events_are_good_whoever_may_send_them(conf: Path) -> None:
    ended = validate(conf, '{"id": "a", "n": 1}\n{"id": 2, "n": 2}\n', "ORDERS")
    assert (ended.code, ended.out, ended.err) == (0, "2 events: 2 good, 0 would be refused\n", "")


def test_every_problem_has_its_line_and_place(conf: Path) -> None:
    ended = validate(conf, '{"id": "a", "n": 1}\n\n{"n": -1}\n{"id": "a", "n": "x"}\n')
    assert ended.code == 1
    said = ended.out.splitlines()
    assert [line.rpartition(": ")[0] for line in said[:-1]] == ["-:3: (the event)", "-:3: /n", "-:4: /n"]
    assert said[-1] == "3 events: 1 good, 2 would be refused"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ('{"id": "a", "n": 1, "n": 2}', "names a member twice"),
        ('{"id": "a", "n": NaN}', "not one JSON document"),
        ('{"id": "a", "n": [[[[[1]]]]]}', "nested deeper than 4"),
        ('{"id": "' + "a" * 200 + '", "n": 1}', "larger than 200 bytes"),
        ('{"id": true, "n": 1}', "/id: an event id is"),
    ],
    ids=["twice", "NaN", "deep", "large", "event id"],
)
def test_the_checks_are_the_servers(conf: Path, event: str, says: str) -> None:
    ended = validate(conf, event)
    assert ended.code == 1
    assert says in ended.out


def test_an_unknown_topic_lists_the_nearest(conf: Path) -> None:
    ended = validate(conf, "{}", "order")
    assert ended.code == 2
    assert ended.error() == "there is no topic order; the nearest names are orders"


def test_a_broken_topic_says_why(conf: Path) -> None:
    ended = validate(conf, "{}", "broken")
    assert ended.code == 1
    assert "the topic broken is out of service" in ended.error()


def test_a_broken_configuration_is_told(conf: Path) -> None:
    (conf / "config.json").write_text('{"topic": 1}')
    ended = validate(conf, "{}")
    assert ended.code == 1
    assert "config.json#/topic: unknown key" in ended.err


def test_a_file_that_is_not_there_is_told_before_anything_else(conf: Path) -> None:
    (conf / "config.json").unlink()
    ended = eventgate("validate", "orders", "absent.json", "--conf", conf)
    assert ended.code == 2
    assert "cannot read absent.json" in ended.error()
