"""How a file is split into events."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.cli import entries
from eventgate.cli.entries import read_entries
from eventgate.cli.terminal import CommandError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def split(text: bytes) -> list[tuple[int, bytes]]:
    return [(entry.line, entry.body) for entry in read_entries(io.BytesIO(text))]


@pytest.mark.parametrize("text", [b"", b"\n", b" \r\n\t\n"])
def test_nothing_is_no_event(text: bytes) -> None:
    assert split(text) == []


def test_each_line_of_ndjson_is_an_event_without_its_line_end() -> None:
    assert split(b'{"a": 1}\r\n\n  {"b": 2}\n[3]') == [(1, b'{"a": 1}'), (3, b'{"b": 2}'), (4, b"[3]")]


def test_one_document_on_many_lines_is_one_event_byte_for_byte() -> None:
    text = b'\n{\r\n  "a": [\n    1\n  ]\n}\n'
    assert split(text) == [(2, text.strip())]


def test_an_array_is_one_event_even_if_its_lines_look_like_events() -> None:
    text = b'[\n{"a": 1},\n{"b": 2}\n]'
    assert split(text) == [(1, text)]


def test_a_bad_line_among_events_is_an_event_of_its_own() -> None:
    assert split(b'{"a": 1\n{"b": 2}\nnope\n') == [(1, b'{"a": 1'), (2, b'{"b": 2}'), (3, b"nope")]


def test_one_document_with_a_mistake_is_one_event() -> None:
    """Refused once, not once for each of its lines."""
    text = b'{\n  "a": 1,\n  "b": [1, 2,]\n}'
    assert split(text) == [(1, text)]


def test_text_that_is_not_utf8_is_handed_on() -> None:
    assert split(b'{"a": "\xff"}\n{"b": 2}\n') == [(1, b'{"a": "\xff"}'), (2, b'{"b": 2}')]


def test_where_an_entry_ends_is_counted_in_bytes_of_the_file() -> None:
    text = '{"a": "é"}\n\n{"b": 2}\n'.encode()
    assert [entry.end for entry in read_entries(io.BytesIO(text))] == [12, len(text)]


def test_what_goes_on_for_too_long_to_tell_is_taken_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_DOCUMENT_BYTES", 20)
    lines = [b"{", b'"aaaaaaaaaa": 1,', b'"bbbbbbbbbb": 2', b"}"]
    assert [body for _, body in split(b"\n".join(lines))] == lines


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_LINE_BYTES", 8)
    with pytest.raises(CommandError, match="line 2 is longer"):
        split(b"[1]\n[1, 2, 3, 4, 5]\n")


def test_a_long_file_is_not_read_ahead() -> None:
    """The first event is there while the second is still to be written."""
    source = io.BytesIO(b'{"a": 1}\n' * 1000)
    next(read_entries(source))
    assert source.tell() <= len(b'{"a": 1}\n')


@given(st.lists(JSON, max_size=5))
def test_any_documents_one_a_line_come_back(documents: list[object]) -> None:
    lines = [json.dumps(document, ensure_ascii=False).encode() for document in documents]
    assert [body for _, body in split(b"\n".join(lines))] == lines


@given(JSON, st.sampled_from([None, 0, 2]))
def test_any_single_document_however_printed_is_one_event(document: object, indent: int | None) -> None:
    text = json.dumps(document, indent=indent).encode()
    assert split(text + b"\n") == [(1, text)]
