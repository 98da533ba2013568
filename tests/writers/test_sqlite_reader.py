"""Reading the SQLite writer's events back."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.errors import Unreachable
from eventgate.testing import make_event
from eventgate.writers.sqlite.reader import CHUNK_ROWS, StoredEvent, read_events, to_ndjson
from eventgate.writers.sqlite.store import Store
from tests.writers.support import soon


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in `events.db`."""
    store = Store(tmp_path / "events.db", retain_days=30)
    yield store
    store.close()


def test_events_come_in_the_order_of_delivery(store: Store, tmp_path: Path) -> None:
    """All of them, of one topic, or those after one already seen; more than are read at once."""
    count = 2 * CHUNK_ROWS + 1
    store.write([make_event(event_id=str(n), topic=("even", "odd")[n % 2]) for n in range(count)], soon())
    path = tmp_path / "events.db"
    assert [stored.event_id for stored in read_events(path)] == [str(n) for n in range(count)]
    assert [stored.event_id for stored in read_events(path, "odd")] == [str(n) for n in range(1, count, 2)]
    last = list(read_events(path))[-2]
    assert [stored.event_id for stored in read_events(path, after=last.seq)] == [str(count - 1)]
    assert list(read_events(path, "no such topic")) == []


def test_what_is_written_while_reading_is_read(store: Store, tmp_path: Path) -> None:
    """Reading stops neither the writer nor itself."""
    path = tmp_path / "events.db"
    store.write([make_event(event_id=f"old-{n}") for n in range(CHUNK_ROWS)], soon())
    reading = read_events(path)
    next(reading)
    assert store.write([make_event(event_id="new")], soon())[0].outcome == "delivered"
    assert list(reading)[-1].event_id == "new"


def test_reading_changes_nothing(store: Store, tmp_path: Path) -> None:
    """The file of a gate that was stopped stays byte for byte what it was."""
    store.write([make_event()], soon())
    store.close()
    before = (tmp_path / "events.db").read_bytes()
    assert len(list(read_events(tmp_path / "events.db"))) == 1
    assert (tmp_path / "events.db").read_bytes() == before


def test_a_line_holds_the_event_as_it_was_posted(store: Store, tmp_path: Path) -> None:
    """Spaces, escapes, order and the text of numbers included; the names are those of the documentation."""
    body = b'{ "b":1.10, "a": 12345678901234567890123, "t": "\\u00e9\\n\xc3\xa9\xe2\x80\xa8" }'
    event = make_event(body=body, received_at=1764000000.9995)
    store.write([event], soon())
    line = to_ndjson(next(read_events(tmp_path / "events.db")))
    assert line.endswith(b"\n")
    assert b'"event":' + body in line
    assert json.loads(line) == {
        "topic": event.topic,
        "event_id": event.event_id,
        "subject": event.subject,
        "received_at": "2025-11-24T16:00:00.999Z",
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "event": json.loads(body),
    }


def test_an_event_posted_on_several_lines_is_one_line(store: Store, tmp_path: Path) -> None:
    """The bytes are kept; only in the line do the line ends between tokens become spaces."""
    body = b'{\r\n  "a": "x\\ny",\n  "b": 2\r}'
    store.write([make_event(body=body)], soon())
    stored = next(read_events(tmp_path / "events.db"))
    assert stored.event == body
    line = to_ndjson(stored)
    assert line.count(b"\n") == 1
    assert b'"event":{    "a": "x\\ny",   "b": 2 }' in line


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    ),
    st.sampled_from([None, 2]),
)
def test_every_event_survives_the_line(document: object, indent: int | None) -> None:
    """Whatever it holds, and however it was laid out."""
    body = json.dumps(document, ensure_ascii=False, indent=indent).encode()
    line = to_ndjson(StoredEvent(1, "orders", "1", "alice", "2026-01-01T00:00:00.000Z", "0", body))
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line)["event"] == document


def test_no_file_is_said_so_and_none_is_made(tmp_path: Path) -> None:
    """The message leaves the path to the caller."""
    with pytest.raises(Unreachable, match="there is no such file"):
        next(read_events(tmp_path / "events.db"))
    assert list(tmp_path.iterdir()) == []


def test_another_programs_database_is_not_read(tmp_path: Path) -> None:
    """Nor is a file that is none."""
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as connection, connection:
        connection.execute("CREATE TABLE events (x)")
    (tmp_path / "text.db").write_text("just text\n" * 500)
    with pytest.raises(Unreachable, match="another program's"):
        next(read_events(tmp_path / "theirs.db"))
    with pytest.raises(Unreachable, match="not a usable SQLite database"):
        next(read_events(tmp_path / "text.db"))


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    """Also those that mean something in a URI."""
    path = tmp_path / "a?b#c%20d ä.db"
    with closing(Store(path, retain_days=30)) as store:
        store.write([make_event(event_id="one")], soon())
    assert [stored.event_id for stored in read_events(path)] == ["one"]
