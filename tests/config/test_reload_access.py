"""Access rules are read again while the gate runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventgate.errors import NotListed
from tests.config.directories import make, write
from tests.config.watched import watch


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
