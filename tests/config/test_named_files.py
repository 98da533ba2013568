"""Files that a topic names for its writers: read with the topics, and again when they change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eventgate.config.loader import PolicyLoader
from eventgate.core.policy import Policy
from eventgate.writers.postgres.settings import TopicStatements
from tests.config.directories import SCHEMA, load, make, write

WRITERS = {
    "postgres": {"dsn": "postgresql://nowhere/x"},
    "other": {"type": "postgres", "dsn": "postgresql://nowhere/y"},
}
INSERT = "INSERT INTO orders SELECT $1"


def statements(policy: Policy, writer: str = "postgres") -> list[tuple[str, str]]:
    """Name and text of each statement of the topic `orders`."""
    options = policy.topics["orders"].uses[writer].options
    assert isinstance(options, TopicStatements)
    return [(statement.name, statement.text) for statement in options.sql]


def directory(root: Path, *, index: Any = None, **files: str) -> Path:
    """One topic `orders` with statements in the files of its folder."""
    make(root, writers=WRITERS)
    given = {"orders": {"writers": {"postgres": {"sql": ["a.sql"]}}}} if index is None else index
    write(root / "topics/index.json", given)
    for name, text in files.items():
        write(root / name.replace("__", "/").replace("_sql", ".sql"), text)
    return root


async def test_a_file_lies_beside_the_index_or_in_the_configuration_directory(tmp_path: Path) -> None:
    """The former wins."""
    root = directory(tmp_path, a_sql=INSERT)
    policies = PolicyLoader(await load(root))
    policy, findings = await policies.load(None)
    assert statements(policy) == [("a.sql", f"{INSERT}::jsonb")]
    assert not [finding for finding in findings if finding.severity == "error"]
    write(root / "topics/a.sql", "DELETE FROM orders USING x WHERE x = $1")
    policy, _ = await policies.load(policy)
    assert statements(policy)[0][1].startswith("DELETE")


async def test_a_changed_file_is_a_changed_topic(tmp_path: Path) -> None:
    """And one that breaks leaves the last good version in force."""
    root = directory(tmp_path, topics__a_sql=INSERT)
    policies = PolicyLoader(await load(root))
    first, _ = await policies.load(None)
    write(root / "topics/a.sql", f"{INSERT} WHERE true")
    second, _ = await policies.load(first)
    assert statements(second) == [("a.sql", f"{INSERT}::jsonb WHERE true")]
    assert second.version != first.version
    for broken in ("SELECT 1", f"{INSERT}; {INSERT}", None):
        (root / "topics/a.sql").unlink() if broken is None else write(root / "topics/a.sql", broken)
        third, findings = await policies.load(second)
        assert statements(third) == statements(second)
        assert "serves in its last good version" in third.notes[0]
        wrong = [finding for finding in findings if finding.severity == "error"]
        assert [(each.file, each.pointer) for each in wrong] == [("topics/index.json", "/orders/writers/postgres")]
        assert "a.sql" in wrong[0].message


async def test_a_missing_file_breaks_its_topic_only(tmp_path: Path) -> None:
    """The others serve."""
    index = {"orders": {"writers": {"postgres": {"sql": ["none.sql"]}}}, "free": {"schema": SCHEMA}}
    policy, findings = await PolicyLoader(await load(directory(tmp_path, index=index))).load(None)
    assert set(policy.topics) == {"free"}
    assert "the file none.sql: there is no such file" in [finding.message for finding in findings]
    assert policy.topics["free"].uses["postgres"].options == TopicStatements()


async def test_each_writer_has_its_own(tmp_path: Path) -> None:
    """Also in config.json itself, where names are relative to the directory."""
    root = make(tmp_path, schemas={})
    uses = {
        "postgres": {"sql": ["a.sql"], "required": False},
        "other": {"sql": ["sql/b.sql", "builtin:data-lake/runs.sql"]},
    }
    write(
        root / "config.json",
        {
            **json.loads((root / "config.json").read_bytes()),
            "writers": WRITERS,
            "topics": {"orders": {"schema": SCHEMA, "writers": uses}},
        },
    )
    write(root / "a.sql", INSERT)
    write(root / "sql/b.sql", f"{INSERT} -- b")
    policy, _ = await PolicyLoader(await load(root)).load(None)
    assert statements(policy) == [("a.sql", f"{INSERT}::jsonb")]
    assert [name for name, _ in statements(policy, "other")] == ["sql/b.sql", "builtin:data-lake/runs.sql"]
    assert not policy.topics["orders"].uses["postgres"].required
