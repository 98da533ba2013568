"""A broken topic takes only itself out; the others serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.directories import SCHEMA, errors, make, policy, write

BROKEN: list[tuple[object, str, str]] = [
    ({"writers": {"kafka": {}}}, "/orders/writers/kafka", "no writer of this name is configured"),
    ({"writers": {"discard": {"requird": 1}}}, "/orders/writers/discard/requird", "unknown key"),
    ({"writers": {"discard": {"required": "no"}}}, "/orders/writers/discard/required", "must be true or false"),
    ({"writers": {}}, "/orders/writers", "names no writer"),
    ({"guard": "sqlite"}, "/orders/guard", "the guard is not among"),
    ({"event_id": "id"}, "/orders/event_id", "is no JSON Pointer"),
    ({"key": "/a~2"}, "/orders/key", "is no JSON Pointer"),
    ({"spool": True}, "/orders/spool", "there is no spool"),
    ({"on_invalid": "keep"}, "/orders/on_invalid", "there is no spool"),
    ({"schema": "absent.json"}, "/orders/schema", "the file of its schema does not exist"),
    ({"schema": "../config.json"}, "/orders/schema", "the file of its schema does not exist"),
    ({"schema": "/etc/passwd"}, "/orders/schema", "the file of its schema does not exist"),
    ({"schema": 5}, "/orders/schema", "must be"),
    ({"shcema": "a"}, "/orders/shcema", "unknown key"),
    ({"request_timeout_seconds": 0}, "/orders/request_timeout_seconds", "must be more than 0"),
    ({"key": "env:ABSENT"}, "/orders/key", "the environment variable ABSENT is not set"),
    (5, "/orders", "must be an object"),
]


@pytest.mark.parametrize(("entry", "pointer", "message"), BROKEN)
async def test_a_broken_entry_takes_only_its_topic_out(
    tmp_path: Path, entry: object, pointer: str, message: str
) -> None:
    make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA})
    write(tmp_path / "topics/index.json", {"orders": entry})
    found, findings = await policy(tmp_path)
    assert list(found.topics) == ["users"]
    assert list(found.broken) == ["orders"]
    assert found.broken["orders"].startswith("topics/index.json#" + pointer)
    assert [text for file, place, text in errors(findings) if place == pointer and message in text]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"type": "obj"}', b'{"pattern": "(?=a)"}', b'{"$ref": "https://a.example/b"}']
)
async def test_a_broken_schema_takes_only_its_topic_out(tmp_path: Path, content: bytes) -> None:
    make(tmp_path, schemas={"orders": content, "users": SCHEMA})
    found, findings = await policy(tmp_path)
    assert list(found.topics) == ["users"]
    assert list(found.broken) == ["orders"]
    assert {file for file, _, _ in errors(findings)} == {"topics/orders.json"}


async def test_names_that_differ_in_case_only_take_the_topic_out(tmp_path: Path) -> None:
    make(tmp_path, schemas={"Orders": SCHEMA, "ORDERS": SCHEMA, "users": SCHEMA}, access={"users": ["a"]})
    found, _ = await policy(tmp_path)
    assert list(found.topics) == ["users"]
    assert "case does not count" in found.broken["orders"]


async def test_entries_that_differ_in_case_only_take_the_topic_out(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": SCHEMA, "users": SCHEMA})
    write(tmp_path / "topics/index.json", {"Orders": {}, "orders": {}})
    found, _ = await policy(tmp_path)
    assert list(found.broken) == ["orders"]


async def test_a_schema_file_that_cannot_be_read_takes_only_its_topic_out(tmp_path: Path) -> None:
    make(tmp_path, schemas={"users": SCHEMA}, access={"users": ["ann"], "orders": ["ann"]})
    (tmp_path / "topics/orders.json").symlink_to("orders.json")
    found, _ = await policy(tmp_path)
    assert list(found.topics) == ["users"]
    assert found.broken["orders"].startswith("topics/orders.json: cannot be read")


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "a" * 256])
async def test_a_name_that_no_address_can_hold_takes_the_topic_out(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    write(tmp_path / "topics/index.json", {name: {"schema": True}})
    found, _ = await policy(tmp_path)
    assert list(found.topics) == ["orders"]
    assert "a topic's name has" in found.broken[name]
