"""Refused events, kept as dead letters where that is wanted; the answer is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.core.spool import SpoolStatus
from eventgate.spool.entries import DeadLetter, Wanted
from eventgate.spool.sqlite.letterbox import SqliteLetterbox
from eventgate.spool.sqlite.spool import SqliteSpool
from tests.spool.sinks import soon
from tests.spool.support import Spooled

ACCESS = {"orders": {"ann": {"id": ["[a-z0-9]+"]}}, "strict": ["ann"]}


async def kept(spooled: Spooled) -> list[DeadLetter]:
    spool = SqliteSpool(spooled.spool_file, 10)
    spool.open()
    try:
        return [letter async for group in SqliteLetterbox(spool).find(Wanted(), take=False) for letter in group]
    finally:
        await spool.close()


BODIES: list[tuple[bytes, int, str]] = [
    (b'{"id": "1", "n": "x"}', 400, "1"),
    (b'{"id": "NO", "n": "x"}', 403, ""),
    (b'{"n": 1', 400, ""),
    (b"\xff\xfe", 400, ""),
    (b"", 400, ""),
]


@pytest.mark.parametrize(("body", "status", "id"), BODIES)
async def test_what_is_answered_400_is_kept_as_it_came(tmp_path: Path, body: bytes, status: int, id: str) -> None:
    """What the caller may not write at all is not."""
    spooled = Spooled(tmp_path, on_invalid="keep")
    spooled.access = ACCESS
    spooled.write()
    async with spooled.opened(background=False) as client:
        assert (await client.post(body)).status == status
        await client.post({"id": "fine"})
    letters = await kept(spooled)
    assert [letter.event.body for letter in letters] == ([body] if status == 400 else [])
    for letter in letters:
        assert (letter.why, letter.event.subject, letter.event.topic) == ("invalid", "ann", "orders")
        assert letter.event.event_id == id or (not id and letter.event.event_id)


TOPICS: list[tuple[str, dict[str, Any], int]] = [
    ("drop", {}, 0),
    ("keep", {}, 1),
    ("keep", {"on_invalid": "drop"}, 0),
    ("drop", {"on_invalid": "keep"}, 1),
]


@pytest.mark.parametrize(("globally", "topic", "count"), TOPICS)
async def test_a_topic_may_say_otherwise(tmp_path: Path, globally: str, topic: dict[str, Any], count: int) -> None:
    spooled = Spooled(tmp_path, on_invalid=globally)
    spooled.config["topics"]["strict"].update(topic)
    spooled.write()
    async with spooled.opened(background=False) as client:
        assert (await client.post({"n": 1}, topic="strict")).status == 400
        spool = SqliteSpool(spooled.spool_file, 10)
        spool.open()
        status: SpoolStatus = await spool.status(soon())
        await spool.close()
    assert status.dead == count


async def test_an_event_that_is_only_validated_is_not_kept(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, on_invalid="keep")
    async with spooled.opened(background=False) as client:
        assert (await client.post({"n": 1}, topic="orders/validate")).status == 400
        assert (await client.post({"id": "1"})).status == 202
    assert not spooled.spool_file.exists() or await kept(spooled) == []


async def test_a_store_that_fails_changes_no_answer_and_is_told(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, on_invalid="keep")
    spooled.spool_file.mkdir()
    async with spooled.opened(background=False) as client:
        answer = await client.post({"n": 1})
        assert (answer.status, answer.types) == (400, ["validation"])
        warnings = (await client.health())["warnings"]
    assert any("could not be kept" in each for each in warnings)


async def test_the_idempotency_key_names_what_has_no_id_of_its_own(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, on_invalid="keep")
    async with spooled.opened(background=False) as client:
        assert (await client.post({"n": 1}, headers={"idempotency-key": "mine"})).status == 400
    (letter,) = await kept(spooled)
    assert letter.event.event_id == "mine"


async def test_of_a_batch_the_refused_items_are_kept(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, on_invalid="keep")
    async with spooled.opened(background=False) as client:
        answer = await client.post_lines({"id": "1"}, {"n": 1}, {"id": "3", "n": "x"})
    results = answer.document["results"]
    assert [item["status"] for item in results] == [202, 400, 400]
    letters = await kept(spooled)
    assert [letter.event.body for letter in letters] == [b'{"n": 1}', b'{"id": "3", "n": "x"}']
    assert letters[1].event.event_id == "3"


async def test_of_a_cloudevent_the_event_is_kept_under_its_id(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, on_invalid="keep")
    envelope = b'{"specversion": "1.0", "id": "ce", "source": "s", "type": "t", "data": { "n": 1 }}'
    async with spooled.opened(background=False) as client:
        answer = await client.post(envelope, headers={"content-type": "application/cloudevents+json"})
        assert answer.status == 400
    (letter,) = await kept(spooled)
    assert (letter.event.body, letter.event.event_id) == (b'{ "n": 1 }', "ce")
