"""Configuration files are strict JSON, and what is wrong with one is said with its place."""

from __future__ import annotations

import pytest

from eventgate.config.text import parse_file, raw_members
from eventgate.errors import SourceError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"a": 1', "line 1 column 8"),
        (b'{\n  "a": 1,\n}', r"line [23] column \d"),
        (b'{"a": 1} {}', "extra data"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'names the member "c" twice'),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "beyond the range of a double"),
        (b'{"a": ' + b"1" * 5000 + b"}", "a number that is too long"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a": "é"}'.encode("latin-1"), "not UTF-8"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_refuses_what_is_not_one_plain_document(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_file(content)


def test_members_keep_the_way_they_were_written() -> None:
    members = raw_members(b'{"topics": {"a": { "x" : 1.10 }}}', "topics")
    assert bytes(members["a"]) == b'{ "x" : 1.10 }'
