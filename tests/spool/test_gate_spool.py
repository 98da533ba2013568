"""A gate with a spool: what it answers while a sink is down, and what it does when the sink is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spool.support import Spooled, eventually


@pytest.fixture(autouse=True)
def _fresh_health(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventgate.core.health.KEEP_SECONDS", -1)


@pytest.fixture
def spooled(tmp_path: Path) -> Spooled:
    return Spooled(tmp_path)


async def test_what_a_required_writer_did_not_take_is_deferred_and_delivered_once_it_can_be(spooled: Spooled) -> None:
    async with spooled.opened() as client:
        spooled.break_("b")
        answer = await client.post({"id": "1", "key": "k"})
        assert (answer.status, answer.outcomes) == (202, {"a": "delivered", "b": "deferred"})
        assert answer.document["writers"]["b"]["reason"].startswith("failed: ")
        spooled.mend("b")
        await eventually(lambda: spooled.ids("b") == ["1"])
    assert spooled.ids("a") == ["1"]


async def test_a_topic_without_a_spool_fails_as_ever(spooled: Spooled) -> None:
    async with spooled.opened() as client:
        spooled.break_("b")
        answer = await client.post({"id": "1"}, topic="strict")
        assert (answer.status, answer.outcomes) == (500, {"a": "delivered", "b": "failed"})


async def test_what_is_redelivered_is_what_was_posted(spooled: Spooled) -> None:
    body = b'{ "id":"1",  "n":\n 123456789012345678901234567890 }'
    async with spooled.opened() as client:
        spooled.break_("b")
        await client.post(body)
        spooled.mend("b")
        await eventually(lambda: spooled.ids("b") == ["1"])
    (there,), (late,) = spooled.held("a"), spooled.held("b")
    assert (late.event, late.subject, late.topic) == (body, "ann", "orders")
    assert late.received_at == there.received_at


async def test_an_event_does_not_overtake_an_earlier_one_with_its_key(spooled: Spooled) -> None:
    """Though its writer would take it by now."""
    async with spooled.opened(background=False) as client:
        spooled.break_("b")
        await client.post({"id": "1", "key": "k"})
        spooled.mend("b")
        same, other = await client.post({"id": "2", "key": "k"}), await client.post({"id": "3", "key": "l"})
        assert (same.outcomes["b"], other.outcomes["b"]) == ("deferred", "delivered")
        assert "earlier event" in same.document["writers"]["b"]["reason"]
    async with spooled.opened():
        await eventually(lambda: len(spooled.ids("b")) == 3)
    assert spooled.ids("b") == ["3", "1", "2"]


async def test_health_tells_of_what_waits_and_is_well_all_the_same(spooled: Spooled) -> None:
    async with spooled.opened(background=False) as client:
        spooled.break_("b")
        await client.post({"id": "1"})
        spooled.mend("b")
        health = await client.health()
    assert (health["status"], health["dependencies"]["spool"]) == ("ok", "ok")
    (warning,) = [each for each in health["warnings"] if each.startswith("spool")]
    assert warning.startswith("spool: 1 deferred event waiting for redelivery, the oldest for ")


@pytest.mark.parametrize("guard", ["a", "b"])
async def test_where_the_guard_is_deferred_all_are_and_the_guard_gets_it_first(tmp_path: Path, guard: str) -> None:
    spooled = Spooled(tmp_path)
    spooled.config["topics"]["orders"]["guard"] = guard
    spooled.write()
    other = "b" if guard == "a" else "a"
    async with spooled.opened() as client:
        spooled.break_(guard)
        answer = await client.post({"id": "1", "key": "k"})
        assert (answer.status, set(answer.outcomes.values())) == (202, {"deferred"})
        assert spooled.ids(other) == []
        spooled.mend(guard)
        await eventually(lambda: spooled.ids(other) == ["1"])
        assert spooled.ids(guard) == ["1"]


async def test_a_full_spool_makes_no_false_promise(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, max_events=2)
    async with spooled.opened() as client:
        spooled.break_("b")
        answers = [await client.post({"id": str(number)}) for number in range(3)]
        assert [answer.status for answer in answers] == [202, 202, 503]
        refused = answers[2]
        assert (refused.types, refused.headers[b"retry-after"]) == (["spool"], b"5")
        assert refused.outcomes == {"a": "delivered", "b": "failed"}
        assert refused.document["writers"]["b"]["reason"].endswith("not spooled: the spool is full")
        spooled.mend("b")
        await eventually(lambda: len(spooled.ids("b")) == 2)
        assert (await client.post({"id": "2"})).status == 202


async def test_a_spool_that_cannot_be_used_costs_only_what_needs_it(spooled: Spooled) -> None:
    spooled.spool_file.mkdir()
    async with spooled.opened() as client:
        assert (await client.post({"id": "1"})).status == 202
        health = await client.health()
        assert (health["status"], health["dependencies"]["spool"] != "ok") == ("ok", True)
        spooled.break_("b")
        answer = await client.post({"id": "2"})
        assert (answer.status, answer.types, answer.outcomes["b"]) == (503, ["spool"], "failed")


async def test_a_conflict_is_never_deferred(spooled: Spooled) -> None:
    async with spooled.opened(background=False) as client:
        await client.post({"id": "1", "n": 1})
        spooled.break_("b")
        answer = await client.post({"id": "1", "n": 2})
        assert (answer.status, answer.outcomes) == (409, {"a": "conflict", "b": "failed"})


async def test_the_same_event_is_spooled_once(spooled: Spooled) -> None:
    async with spooled.opened(background=False) as client:
        spooled.break_("b")
        answers = [await client.post({"id": "1"}) for _ in range(3)]
        assert {answer.outcomes["b"] for answer in answers} == {"deferred"}
        health = await client.health()
        assert any("1 deferred event" in each for each in health["warnings"])


async def test_a_batch_is_deferred_item_by_item(spooled: Spooled) -> None:
    async with spooled.opened() as client:
        spooled.break_("b")
        answer = await client.post_lines({"id": "1", "key": "k"}, {"n": 1}, {"id": "2", "key": "k"}, {"id": "3"})
        results = answer.document["results"]
        assert [item["status"] for item in results] == [202, 400, 202, 202]
        assert results[0]["writers"]["b"]["outcome"] == "deferred"
        spooled.mend("b")
        await eventually(lambda: len(spooled.ids("b")) == 3)
    assert spooled.ids("b") == ["1", "2", "3"]


async def test_a_batch_does_not_overtake_what_waits_for_its_keys(spooled: Spooled) -> None:
    async with spooled.opened(background=False) as client:
        spooled.break_("b")
        await client.post({"id": "1", "key": "k"})
        spooled.mend("b")
        answer = await client.post_lines({"id": "2", "key": "k"}, {"id": "3", "key": "l"})
        outcomes = [item["writers"]["b"]["outcome"] for item in answer.document["results"]]
        assert outcomes == ["deferred", "delivered"]


async def test_a_batch_that_a_full_spool_takes_in_part_says_which_part(tmp_path: Path) -> None:
    spooled = Spooled(tmp_path, max_events=2)
    async with spooled.opened(background=False) as client:
        spooled.break_("b")
        answer = await client.post_lines(*({"id": str(number)} for number in range(3)))
        results = answer.document["results"]
        assert [(item["status"], item["retryable"]) for item in results] == [(202, False), (202, False), (503, True)]
        assert [error["type"] for error in results[2]["errors"]] == ["spool"]
