"""Writers' settings are checked against what their type declares."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from eventgate.config.contents import Text
from eventgate.config.definitions import define_topics
from eventgate.config.index import Index
from eventgate.config.snapshot import Snapshot
from eventgate.config.writers import ConfiguredWriter, parse_use, parse_writers
from eventgate.core.writer import Writer, WriterContext, WriterSpec


class Table(msgspec.Struct, frozen=True):
    """Topic settings of a writer that cannot do without them."""

    table: str


class Nothing(msgspec.Struct, frozen=True):
    """No settings, and unknown ones are not forbidden."""


def _build(settings: Nothing, context: WriterContext) -> Writer:
    raise NotImplementedError


TABLES = ConfiguredWriter("db", "tables", Nothing(), WriterSpec(Nothing, Table, _build))


def test_a_topics_use_of_a_writer_holds_its_settings() -> None:
    use, findings = parse_use({"table": "t", "required": False}, TABLES, file="index.json", pointer="/a/writers/db")
    assert findings == ()
    assert use is not None
    assert (use.required, use.options) == (False, Table("t"))


def test_keys_that_a_type_does_not_declare_are_findings_even_if_it_would_ignore_them() -> None:
    _, findings = parse_use({"table": "t", "tabel": "u"}, TABLES, file="index.json", pointer="/a/writers/db")
    assert [(each.pointer, each.hint) for each in findings] == [("/a/writers/db/tabel", "did you mean table?")]


def test_a_topic_without_the_settings_that_a_writer_needs_is_broken_and_says_so() -> None:
    files = {"orders.json": Text(b"{}")}
    snapshot = Snapshot(None, None, "", "", files, ("",), candidates=(("orders", "orders.json"),))
    definition = define_topics(snapshot, Index(), {"db": TABLES}, 10)["orders"]
    assert definition.error == (
        "orders.json: the writer db needs settings of its own for this topic: `table` is missing"
    )


@pytest.mark.parametrize(("first", "second", "shared"), [("a.db", "./x/../a.db", True), ("a.db", "b.db", False)])
def test_two_writers_on_one_file_are_a_warning(tmp_path: Path, first: str, second: str, *, shared: bool) -> None:
    """Each would take the other's events for duplicates."""
    raw = {"one": {"type": "sqlite", "path": first}, "two": {"type": "sqlite", "path": second}, "discard": {}}
    writers, findings = parse_writers(raw, file="config.json", directory=tmp_path)
    assert list(writers) == ["one", "two", "discard"]
    message = "writes to the same place as the writer one: every event would be its duplicate"
    told = [(each.severity, each.pointer, each.message) for each in findings]
    assert told == ([("warning", "/writers/two", message)] if shared else [])
