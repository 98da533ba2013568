"""Topics come from a folder, an index file or an object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.errors import ConfigurationError, InvalidEvent
from tests.config.directories import SCHEMA, errors, make, policy, write


async def test_every_file_of_the_folder_is_a_topic_in_lower_case(tmp_path: Path) -> None:
    make(tmp_path, schemas={"Orders": SCHEMA, "public.cps.za.runs": SCHEMA})
    for name in ("_defs.json", ".hidden.json", "common/types.json", "notes.txt"):
        write(tmp_path / "topics" / name, "{}")
    found, findings = await policy(tmp_path)
    assert list(found.topics) == ["orders", "public.cps.za.runs"]
    assert findings == ()


async def test_a_topic_has_all_writers_unless_it_names_some(tmp_path: Path) -> None:
    make(
        tmp_path,
        schemas={"a": SCHEMA, "b": SCHEMA, "c": SCHEMA},
        writers={"discard": {}, "second": {"type": "discard"}},
    )
    index = {"b": {"writers": {"second": {"required": False}}}, "c": {"guard": "second", "event_id": "/id"}}
    write(tmp_path / "topics/index.json", index)
    found, findings = await policy(tmp_path)
    assert findings == ()
    assert {name: set(topic.uses) for name, topic in found.topics.items()} == {
        "a": {"discard", "second"},
        "b": {"second"},
        "c": {"discard", "second"},
    }
    assert not found.topics["b"].uses["second"].required
    assert found.topics["c"].guard == "second"
    assert found.topics["c"].event_id is not None
    assert found.topics["c"].event_id.resolve({"id": 5}) == 5


async def test_an_index_in_the_folder_may_name_files_and_hold_schemas(tmp_path: Path) -> None:
    make(tmp_path, schemas={"a": SCHEMA, "_shared": SCHEMA})
    entries = ['"B": {"schema": "_shared.json"}', '"c": {"schema": { "type" : "number" }}', '"d": {"schema": false}']
    write(tmp_path / "topics/index.json", f'{{"$comment": "x", {", ".join(entries)}}}')
    found, _ = await policy(tmp_path)
    assert list(found.topics) == ["a", "b", "c", "d"]
    assert found.topics["c"].schema.text == b'{ "type" : "number" }'
    found.topics["c"].schema.check(5, 1)
    with pytest.raises(InvalidEvent):
        found.topics["d"].schema.check(5, 1)


@pytest.mark.parametrize("schema", ["orders.json", "topics/orders.json", None])
async def test_topics_may_be_an_index_file(tmp_path: Path, schema: str | None) -> None:
    make(
        tmp_path,
        schemas={"orders": SCHEMA, "others": SCHEMA},
        access={"orders": ["ann"]},
        topics="topics/some.json",
    )
    entry = {"request_timeout_seconds": 5, **({"schema": schema} if schema else {})}
    write(tmp_path / "topics/some.json", {"Orders": entry})
    found, findings = await policy(tmp_path)
    assert findings == ()
    assert list(found.topics) == ["orders"]
    assert found.topics["orders"].timeout_seconds == 5


async def test_topics_may_stand_in_config_json(tmp_path: Path) -> None:
    _with_topics(tmp_path, {"A": {"schema": "schemas/a.json"}, "b": {"schema": {"type": "object"}}})
    write(tmp_path / "schemas/a.json", SCHEMA)
    found, findings = await policy(tmp_path)
    assert errors(findings) == set()
    assert list(found.topics) == ["a", "b"]


async def test_the_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "shared/orders.json", SCHEMA)
    for topics in (str(tmp_path / "shared"), "../shared/", "./../shared"):
        found, findings = await policy(make(tmp_path / "conf", schemas={}, access={"orders": ["ann"]}, topics=topics))
        assert errors(findings) == set()
        assert list(found.topics) == ["orders"]


async def test_the_directory_itself_may_be_the_folder_without_its_other_files(tmp_path: Path) -> None:
    make(tmp_path, schemas={}, access={"orders": ["ann"]}, topics=".")
    write(tmp_path / "orders.json", SCHEMA)
    found, findings = await policy(tmp_path)
    assert findings == ()
    assert list(found.topics) == ["orders"]


async def test_an_index_beside_config_json_reaches_its_folders(tmp_path: Path) -> None:
    make(tmp_path, schemas={"a": SCHEMA}, access={"a": ["ann"], "b": ["ann"]}, topics="topics.json")
    write(tmp_path / "b.json", SCHEMA)
    write(tmp_path / "topics.json", {"a": {"schema": "topics/a.json"}, "b": {}})
    found, findings = await policy(tmp_path)
    assert findings == ()
    assert list(found.topics) == ["a", "b"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": {}, "a": {}}'])
async def test_a_broken_index_is_no_start(tmp_path: Path, content: bytes) -> None:
    make(tmp_path)
    write(tmp_path / "topics/index.json", content)
    with pytest.raises(ConfigurationError) as caught:
        await policy(tmp_path)
    assert {file for file, _, _ in errors(caught.value.findings)} == {"topics/index.json"}


async def test_no_topics_folder_is_no_start(tmp_path: Path) -> None:
    make(tmp_path, schemas={}, access={"a": ["ann"]})
    (tmp_path / "topics").rmdir()
    with pytest.raises(ConfigurationError, match="there is no such folder or index file"):
        await policy(tmp_path)


@pytest.mark.parametrize("access", [b"", b"{", b"[]", b"5", None])
async def test_no_readable_access_file_is_no_start(tmp_path: Path, access: bytes | None) -> None:
    make(tmp_path, access=access if access is not None else "")
    if access is None:
        (tmp_path / "access.json").unlink()
    with pytest.raises(ConfigurationError) as caught:
        await policy(tmp_path)
    assert {file for file, _, _ in errors(caught.value.findings)} == {"access.json"}


async def test_access_and_topics_are_held_against_each_other(tmp_path: Path) -> None:
    make(tmp_path, schemas={"orders": SCHEMA}, access={"order": ["ann"], "Orders": []})
    _, findings = await policy(tmp_path)
    assert {(each.severity, each.message, each.hint) for each in findings} == {
        ("warning", "there is no such topic", "did you mean orders?"),
        ("warning", "nobody may write to the topic orders", None),
    }


async def test_references_stay_inside_the_folder(tmp_path: Path) -> None:
    topics: dict[str, Any] = {"orders": {"$ref": "common/types.json"}, "users": {"$ref": "../access.json"}}
    make(tmp_path, schemas=topics)
    write(tmp_path / "topics/common/types.json", {"type": "integer"})
    found, _ = await policy(tmp_path)
    assert list(found.topics) == ["orders"]
    assert list(found.broken) == ["users"]
    with pytest.raises(InvalidEvent):
        found.topics["orders"].schema.check("x", 1)


async def test_a_thousand_topics_load_in_seconds(tmp_path: Path) -> None:
    make(tmp_path, schemas={f"t{number}": SCHEMA for number in range(1000)})
    found, findings = await policy(tmp_path)
    assert len(found.topics) == 1000
    assert findings == ()


def _with_topics(root: Path, topics: dict[str, Any]) -> None:
    config = {"token_public_keys_url": "https://sso.example/keys", "writers": {"discard": {}}, "topics": topics}
    write(root / "config.json", config)
    write(root / "access.json", {name.lower(): ["ann"] for name in topics})


async def test_an_index_that_cannot_be_read_is_no_start(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "topics/index.json").mkdir()
    with pytest.raises(ConfigurationError, match="is a directory"):
        await policy(tmp_path)


async def test_a_deadline_beyond_that_of_all_requests_is_a_warning(tmp_path: Path) -> None:
    make(tmp_path)
    write(tmp_path / "topics/index.json", {"orders": {"request_timeout_seconds": 60}})
    found, findings = await policy(tmp_path)
    assert list(found.topics) == ["orders"]
    assert [(each.severity, each.pointer) for each in findings] == [("warning", "/orders/request_timeout_seconds")]


async def test_schemas_that_share_a_file_load_in_seconds(tmp_path: Path) -> None:
    shared = {"$defs": {"id": {"type": "integer"}}}
    schemas = {f"t{number}": {"$ref": "_shared.json#/$defs/id"} for number in range(300)}
    found, findings = await policy(
        make(tmp_path, schemas={"_shared": shared, **schemas}, access={name: ["a"] for name in schemas})
    )
    assert len(found.topics) == 300
    assert findings == ()


async def test_an_index_may_name_schemas_that_lie_beside_the_directory(tmp_path: Path) -> None:
    """Their references lead to files of their own folder."""
    write(tmp_path / "schemas/orders.json", {"$ref": "parts/id.json"})
    write(tmp_path / "schemas/parts/id.json", SCHEMA)
    topics = {"orders": {"schema": "../schemas/orders.json"}}
    found, wrong = await policy(make(tmp_path / "conf", schemas={}, access={"orders": ["ann"]}, topics=topics))
    assert (list(found.topics), wrong) == (["orders"], ())
