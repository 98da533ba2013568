"""`eventgate deadletters`: looking at what no sink took, delivering it after all, and forgetting it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Ended, eventgate
from tests.spool.support import SCHEMA, Spooled


@pytest.fixture
def spooled(tmp_path: Path) -> Spooled:
    return Spooled(tmp_path, on_invalid="keep", max_age_seconds=1)


def run(spooled: Spooled, *arguments: str) -> Ended:
    return eventgate("deadletters", *arguments, "--conf", str(spooled.folder))


def told(ran: Ended) -> Any:
    return json.loads(ran.out)


async def refused(spooled: Spooled, *bodies: dict[str, Any]) -> None:
    async with spooled.opened(background=False) as client:
        for body in bodies:
            assert (await client.post(body)).status == 400


def test_where_nothing_was_ever_spooled_there_is_nothing_and_no_file_is_made(spooled: Spooled) -> None:
    for command in (("list",), ("replay",), ("discard", "--all")):
        assert run(spooled, *command).code == 0
    assert told(run(spooled, "list", "--format", "json")) == []
    assert not spooled.spool_file.exists()


def test_a_refused_event_is_listed_and_shown_with_its_reasons(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven"}))
    (letter,) = told(run(spooled, "list", "--format", "json"))
    assert (letter["topic"], letter["event_id"], letter["subject"]) == ("orders", "1", "ann")
    assert (letter["why"], letter["writer"], "event" in letter) == ("invalid", None, False)
    assert letter["reason"].startswith("/n: must be")
    (full,) = told(run(spooled, "show", letter["id"], "--format", "json"))
    assert full["event"] == {"id": "1", "n": "seven"}
    text = run(spooled, "show").out
    assert '{"id": "1", "n": "seven"}' in text


def test_a_refused_event_that_is_right_today_goes_to_all_writers(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven"}))
    assert run(spooled, "replay").code == 1
    spooled.config["topics"]["orders"]["schema"] = {}
    spooled.write()
    would = told(run(spooled, "replay", "--dry-run", "--format", "json"))
    assert (would["replayed"], spooled.ids("a")) == (2, [])
    done = told(run(spooled, "replay", "--format", "json"))
    assert (done["replayed"], done["refused"], done["failed"]) == (2, 0, 0)
    assert [event.subject for event in spooled.held("a") + spooled.held("b")] == ["ann", "ann"]
    assert told(run(spooled, "list", "--format", "json")) == []


def test_an_id_that_does_not_exist_is_told_by_the_exit_code(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven"}))
    (letter,) = told(run(spooled, "list", "--format", "json"))
    spooled.config["topics"]["orders"]["schema"] = {}
    spooled.write()
    assert run(spooled, "replay", letter["id"], "77").code == 1
    assert spooled.ids("a") == ["1"]
    for command in ("show", "replay", "discard"):
        assert run(spooled, command, letter["id"]).code == 1


def test_what_a_sender_wrote_does_not_reach_the_terminal_as_commands_to_it(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven", "key": "\x1b[31m\nid: 9"}))
    out = run(spooled, "show").out
    assert "key: \\x1b[31m\\x0aid: 9\n" in out
    assert "\x1b" not in out


def test_what_one_sink_did_not_take_stays_for_that_sink_only(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven"}))
    spooled.config["topics"]["orders"]["schema"] = {}
    spooled.write()
    spooled.break_("b")
    ran = run(spooled, "replay")
    assert ran.code == 3
    (letter,) = told(run(spooled, "list", "--format", "json"))
    assert letter["writer"] == "b"
    spooled.mend("b")
    assert run(spooled, "replay").code == 0
    assert (spooled.ids("a"), spooled.ids("b")) == (["1"], ["1"])


def test_a_subject_that_may_no_longer_write_is_not_written_for(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"id": "1", "n": "seven"}))
    spooled.config["topics"]["orders"]["schema"] = SCHEMA | {"properties": {}}
    spooled.access["orders"] = ["bob"]
    spooled.write()
    ran = run(spooled, "replay", "--format", "json")
    assert ran.code == 1
    assert told(ran)["refused"] == 1
    assert spooled.ids("a") == []
    assert len(told(run(spooled, "list", "--format", "json"))) == 1


def test_replay_also_delivers_what_waits(spooled: Spooled) -> None:
    async def defer() -> None:
        async with spooled.opened(background=False) as client:
            spooled.break_("b")
            for number in range(3):
                assert (await client.post({"id": str(number), "key": "k"})).status == 202

    spooled.config["spool"]["max_age_seconds"] = 1000
    spooled.write()
    asyncio.run(defer())
    spooled.mend("b")
    ran = run(spooled, "replay", "--format", "json")
    assert (ran.code, told(ran)["deferred_done"]) == (0, 3)
    assert spooled.ids("b") == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--topic", "orders"], 1),
        (["--topic", "strict"], 1),
        (["--writer", "b"], 2),
        (["--since", "1h"], 0),
        (["--since", "2999-01-01"], 2),
        (["--all"], 0),
        (["1"], 1),
    ],
)
def test_discard_forgets_what_was_asked_for(spooled: Spooled, options: list[str], left: int) -> None:
    async def both() -> None:
        async with spooled.opened(background=False) as client:
            for topic in ("orders", "strict"):
                assert (await client.post({"n": 1}, topic=topic)).status == 400

    asyncio.run(both())
    would = told(run(spooled, "discard", *options, "--dry-run", "--format", "json"))
    assert len(would["ids"]) == 2 - left
    assert run(spooled, "discard", *options).code == 0
    assert len(told(run(spooled, "list", "--format", "json"))) == left


def test_discard_wants_to_be_told_which(spooled: Spooled) -> None:
    asyncio.run(refused(spooled, {"n": 1}))
    assert run(spooled, "discard").code == 2
    assert run(spooled, "discard", "77").code == 1
    assert len(told(run(spooled, "list", "--format", "json"))) == 1


@pytest.mark.parametrize("since", ["yesterday", "", "5", "2026-13-01"])
def test_a_time_that_is_none_is_wrong_usage(spooled: Spooled, since: str) -> None:
    assert run(spooled, "list", "--since", since).code == 2


def test_a_configuration_without_a_spool_says_so(spooled: Spooled) -> None:
    del spooled.config["spool"]
    spooled.config["topics"]["orders"]["spool"] = False
    spooled.write()
    ran = run(spooled, "list")
    assert (ran.code, "no section `spool`" in ran.err) == (1, True)


@pytest.mark.parametrize("command", ["list", "replay"])
def test_a_spool_without_its_directory_cannot_be_reached(spooled: Spooled, command: str) -> None:
    spooled.config["spool"]["store"] = "sqlite:gone/spool.db"
    spooled.write()
    ran = run(spooled, command)
    assert (ran.code, "spool cannot be used" in ran.err) == (3, True)


def test_a_spool_that_is_something_else_cannot_be_reached(spooled: Spooled) -> None:
    spooled.spool_file.write_bytes(b"no database at all, but rather a text that is long enough to be one" * 20)
    ran = run(spooled, "list")
    assert (ran.code, "spool cannot be used" in ran.err) == (3, True)
