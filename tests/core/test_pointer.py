"""JSON Pointer (RFC 6901)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.pointer import MISSING, Pointer, join

# The document and the table are those of RFC 6901, section 5.
DOCUMENT = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", MISSING),
        ("/foo/01", MISSING),
        ("/foo/-", MISSING),
        ("/foo/0/x", MISSING),
        ("/nope", MISSING),
    ],
)
def test_a_pointer_names_one_value_or_nothing(text: str, value: Any) -> None:
    assert Pointer(text).resolve(DOCUMENT) == value


@pytest.mark.parametrize("text", ["foo", "/a~2", "/a~"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON Pointer"):
        Pointer(text)


@given(st.lists(st.text(), max_size=5))
def test_joining_and_parsing_undo_each_other(tokens: list[str]) -> None:
    assert list(Pointer(join(tokens)).tokens) == tokens
