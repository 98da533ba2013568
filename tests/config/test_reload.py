"""Sources are read again while the gate runs: the newest version where it is good, else the last good one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from eventgate.errors import InvalidEvent
from tests.config.directories import SCHEMA, loader, make, write
from tests.config.watched import watch

LOOSE: dict[str, object] = {"type": "object"}


async def test_nothing_changed_is_the_same_policy(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path))
    assert await gate.reload() is gate.policy
    os.utime(tmp_path / "access.json")
    os.utime(tmp_path / "topics/orders.json")
    before = gate.policy
    assert await gate.reload() is before


async def test_two_gates_with_the_same_files_have_the_same_version(tmp_path: Path) -> None:
    first = await watch(make(tmp_path / "a"))
    second = await watch(make(tmp_path / "b"))
    assert first.policy.version == second.policy.version
    write(tmp_path / "a/topics/orders.json", LOOSE)
    assert (await first.reload()).version != second.policy.version


async def test_a_topic_comes_changes_and_goes_with_its_file(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA}))
    write(tmp_path / "topics/new.json", LOOSE)
    assert list((await gate.reload()).topics) == ["new", "orders", "users"]
    write(tmp_path / "topics/orders.json", LOOSE)
    (await gate.reload()).topics["orders"].schema.check({}, 2)
    (tmp_path / "topics/orders.json").unlink()
    assert list((await gate.reload()).topics) == ["new", "users"]
    assert gate.policy.failures == {}


async def test_schemas_that_did_not_change_are_not_compiled_again(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA}))
    before = gate.policy.topics
    write(tmp_path / "topics/orders.json", LOOSE)
    after = (await gate.reload()).topics
    assert after["users"].schema is before["users"].schema
    assert after["orders"].schema is not before["orders"].schema


async def test_a_schema_is_compiled_again_when_a_file_it_refers_to_changed(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": {"$ref": "_types.json"}, "users": SCHEMA, "_types": {"type": "integer"}})
    gate = await watch(tmp_path)
    gate.policy.topics["orders"].schema.check(5, 1)
    users = gate.policy.topics["users"].schema
    write(tmp_path / "topics/_types.json", {"type": "string"})
    with pytest.raises(InvalidEvent):
        (await gate.reload()).topics["orders"].schema.check(5, 1)
    assert gate.policy.topics["users"].schema is users


@pytest.mark.parametrize("content", [b"", b"{", b'{"type": "obj', b'{"type": "nothing"}'])
async def test_a_half_written_schema_leaves_its_last_good_version(tmp_path: Path, content: bytes) -> None:
    gate = await watch(make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA}))
    write(tmp_path / "topics/orders.json", content)
    write(tmp_path / "topics/users.json", LOOSE)
    policy = await gate.reload()
    with pytest.raises(InvalidEvent):
        policy.topics["orders"].schema.check({}, 2)
    policy.topics["users"].schema.check({}, 2)
    assert [note for note in policy.notes if "orders" in note]
    assert policy.broken == {}
    write(tmp_path / "topics/orders.json", LOOSE)
    assert (await gate.reload()).notes == ()
    gate.policy.topics["orders"].schema.check({}, 2)


async def test_a_new_topic_that_is_broken_is_out_until_it_is_good(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path))
    write(tmp_path / "topics/new.json", b"{")
    policy = await gate.reload()
    assert list(policy.broken) == ["new"]
    assert list(policy.topics) == ["orders"]
    write(tmp_path / "topics/new.json", LOOSE)
    assert list((await gate.reload()).topics) == ["new", "orders"]
    assert gate.policy.broken == {}


async def test_a_suddenly_empty_folder_leaves_the_last_good_topics(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path))
    (tmp_path / "topics/orders.json").unlink()
    policy = await gate.reload()
    assert list(policy.topics) == ["orders"]
    assert list(policy.failures) == ["topics"]
    write(tmp_path / "topics/users.json", SCHEMA)
    assert list((await gate.reload()).topics) == ["users"]
    assert gate.policy.failures == {}


async def test_a_folder_may_be_emptied_where_that_is_allowed(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, allow_empty=True))
    (tmp_path / "topics/orders.json").unlink()
    policy = await gate.reload()
    assert (dict(policy.topics), policy.failures) == ({}, {})


async def test_a_folder_that_is_gone_leaves_the_last_good_topics_even_so(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, allow_empty=True))
    (tmp_path / "topics").rename(tmp_path / "elsewhere")
    policy = await gate.reload()
    assert list(policy.topics) == ["orders"]
    assert list(policy.failures) == ["topics"]


async def test_a_broken_index_leaves_the_last_good_settings(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA})
    write(tmp_path / "topics/index.json", {"orders": {"guard": "discard"}})
    gate = await watch(tmp_path)
    write(tmp_path / "topics/index.json", b"{")
    write(tmp_path / "topics/users.json", LOOSE)
    policy = await gate.reload()
    assert policy.topics["orders"].guard == "discard"
    policy.topics["users"].schema.check({}, 2)
    assert list(policy.failures) == ["topics"]


async def test_a_broken_entry_leaves_the_last_good_version_of_its_topic(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": SCHEMA})
    write(tmp_path / "topics/index.json", {"orders": {"guard": "discard"}})
    gate = await watch(tmp_path)
    write(tmp_path / "topics/index.json", {"orders": {"guard": "discart"}})
    policy = await gate.reload()
    assert policy.topics["orders"].guard == "discard"
    assert len(policy.notes) == 1


async def test_settings_of_a_topic_change_with_the_index(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path))
    schema = gate.policy.topics["orders"].schema
    write(tmp_path / "topics/index.json", {"orders": {"event_id": "/id"}})
    topic = (await gate.reload()).topics["orders"]
    assert topic.event_id is not None
    assert topic.schema is schema


async def test_loads_at_once_end_in_one_policy(tmp_path: Path) -> None:
    policies = await loader(make(tmp_path))
    first, _ = await policies.load(None)
    write(tmp_path / "topics/new.json", LOOSE)
    found = await asyncio.gather(*(policies.load(first) for _ in range(5)))
    assert {policy.version for policy, _ in found} == {found[0][0].version}
    assert list(found[0][0].topics) == ["new", "orders"]
