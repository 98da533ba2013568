"""Sources are read again while the gate runs: the newest version where it is good, else the last good one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from eventgate.config.loader import PolicyLoader
from eventgate.core.policy import Policy
from eventgate.errors import Finding, InvalidEvent, NotListed
from tests.config.directories import SCHEMA, loader, make, write

LOOSE: dict[str, object] = {"type": "object"}


class Watched:
    """A directory and the policy in force; `reload` takes what the directory holds by then."""

    def __init__(self, root: Path, policies: PolicyLoader, policy: Policy) -> None:
        self.root = root
        self.policy = policy
        self.findings: tuple[Finding, ...] = ()
        self._policies = policies

    async def reload(self) -> Policy:
        """The policy after another load."""
        self.policy, self.findings = await self._policies.load(self.policy)
        return self.policy


async def watch(root: Path) -> Watched:
    """The directory at `root`, loaded once."""
    policies = await loader(root)
    policy, _ = await policies.load(None)
    return Watched(root, policies, policy)


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


async def test_a_malformed_entry_leaves_the_last_good_rules_of_its_topic(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, access={"orders": ["ann"], "other": ["ann"]}))
    for entry in ("ann", {"ann": {"field": "x"}}, {"ann": "x"}, [7]):
        write(tmp_path / "access.json", {"orders": entry, "other": ["bob"]})
        policy = await gate.reload()
        policy.access.check_topic("ann", "orders")
        policy.access.check_topic("bob", "other")
        assert list(policy.failures) == ["access"]
    write(tmp_path / "access.json", {"orders": {"ann": {"field": ["("]}}})
    policy = await gate.reload()
    assert not policy.failures
    with pytest.raises(NotListed):
        policy.access.check_topic("ann", "orders")


async def test_access_rules_change_with_their_file(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, access={"orders": ["ann"]}))
    write(tmp_path / "access.json", {"orders": ["bob"]})
    access = (await gate.reload()).access
    access.check_topic("bob", "orders")
    with pytest.raises(NotListed):
        access.check_topic("ann", "orders")


@pytest.mark.parametrize("content", [b"", b"  ", b"{", b'{"orders": ["ann"', b"{}", b"[]", b"\xff"])
async def test_a_spoilt_or_emptied_access_file_leaves_the_last_good_rules(tmp_path: Path, content: bytes) -> None:
    gate = await watch(make(tmp_path, access={"orders": ["ann"]}))
    write(tmp_path / "access.json", content)
    policy = await gate.reload()
    policy.access.check_topic("ann", "orders")
    with pytest.raises(NotListed):
        policy.access.check_topic("bob", "orders")
    assert list(policy.failures) == ["access"]
    assert ("error", "access.json") in {(each.severity, each.file) for each in gate.findings}
    write(tmp_path / "access.json", {"orders": ["bob"]})
    assert (await gate.reload()).failures == {}
    gate.policy.access.check_topic("bob", "orders")


def _remove(path: Path) -> None:
    path.unlink()


def _make_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("spoil", [_remove, _make_a_directory, _make_a_loop])
async def test_an_unreachable_access_file_leaves_the_last_good_rules(tmp_path: Path, spoil: object) -> None:
    gate = await watch(make(tmp_path, access={"orders": ["ann"]}))
    assert callable(spoil)
    spoil(tmp_path / "access.json")
    policy = await gate.reload()
    policy.access.check_topic("ann", "orders")
    assert list(policy.failures) == ["access"]


async def test_an_access_file_may_be_emptied_where_that_is_allowed(tmp_path: Path) -> None:
    gate = await watch(make(tmp_path, access={"orders": ["ann"]}, allow_empty=True))
    for content in (b"{}", b""):
        write(tmp_path / "access.json", content)
        policy = await gate.reload()
        assert policy.failures == {}
        with pytest.raises(NotListed):
            policy.access.check_topic("ann", "orders")


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
