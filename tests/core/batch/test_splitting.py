"""Batches taken apart: every item once, in order, as it stands there, and no more of them than may be."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.batch.splitting import elements, lines
from eventgate.errors import BatchTooLong, InvalidJson

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=10,
)
BLANKS = st.text(" \t\r", max_size=3).map(str.encode)
MOST = 50


@given(
    documents=st.lists(st.tuples(BLANKS, JSON, BLANKS, st.integers(0, 2)), min_size=1, max_size=10), end=st.booleans()
)
def test_lines_are_the_documents_whatever_blanks_are_between_them(
    documents: list[tuple[bytes, object, bytes, int]], end: bool
) -> None:
    body = b""
    for before, document, after, empty in documents:
        body += before + json.dumps(document).encode() + after + b"\n" * (1 + empty)
    if not end:
        body = body.rstrip(b"\n")
    assert [json.loads(line) for line in lines(body, MOST)] == [document for _, document, _, _ in documents]


@given(body=st.binary(max_size=200))
def test_lines_are_what_python_makes_of_any_bytes(body: bytes) -> None:
    """Split at LF alone; blank is what JSON calls white space."""
    expected = [stripped for line in body.split(b"\n") if (stripped := line.strip(b" \t\r\n"))]
    if expected:
        assert lines(body, 200) == expected
    else:
        with pytest.raises(InvalidJson, match="no event"):
            lines(body, 200)


@given(documents=st.lists(JSON, min_size=1, max_size=10), indent=st.sampled_from([None, 0, 2]))
def test_elements_are_the_documents_as_they_stand_in_the_array(documents: list[object], indent: int | None) -> None:
    body = json.dumps(documents, indent=indent).encode()
    found = elements(b"\n " + body + b"\r\n", MOST)
    assert [json.loads(element) for element in found] == documents
    assert all(element in body for element in found)


def test_an_element_keeps_its_own_form() -> None:
    assert elements(b'[ {"a" : 1.10 } ,\n2e3 ]', MOST) == [b'{"a" : 1.10 }', b"2e3"]


@pytest.mark.parametrize("most", [3, 10_001])
def test_the_limit_is_exact(most: int) -> None:
    """Long batches are taken apart in another way."""
    documents = [b"1"] * most
    assert len(lines(b"\n".join(documents), most)) == most
    assert len(elements(b"[%b]" % b",".join(documents), most)) == most
    for split, body in ((lines, b"\n".join([*documents, b"1"])), (elements, b"[%b]" % b",".join([*documents, b"1"]))):
        with pytest.raises(BatchTooLong, match=f"more than {most} events"):
            split(body, most)


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\t\n", b"\r"])
def test_no_line_is_no_batch(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="no event"):
        lines(body, MOST)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "no event"),
        (b"", "empty"),
        (b"{}", "array"),
        (b"7", "array"),
        (b"[1,]", "comma"),
        (b"[1] 2", "trailing"),
        (b"[1", "early"),
        (b"[NaN]", "invalid character"),
        (b"\xef\xbb\xbf[1]", "byte order mark"),
        (b"[" * 100_000 + b"]" * 100_000, "too deep"),
    ],
)
def test_what_is_no_array_is_no_batch(body: bytes, message: str) -> None:
    with pytest.raises(InvalidJson, match=message):
        elements(body, MOST)


def test_what_is_wrong_within_an_element_is_the_elements_own() -> None:
    assert elements(b'[{"a":1,"a":2},{"a":"\xff"},{"b":1}]', MOST) == [b'{"a":1,"a":2}', b'{"a":"\xff"}', b'{"b":1}']


@pytest.mark.parametrize(
    ("split", "body"),
    [(lines, b"1\n" * 2_000_000), (lines, b"\n" * 4_000_000), (elements, b"[" + b"1," * 2_000_000 + b"1]")],
)
def test_what_is_far_too_long_costs_no_more_memory_than_its_bytes(split: object, body: bytes) -> None:
    assert callable(split)
    tracemalloc.start()
    with pytest.raises((BatchTooLong, InvalidJson)):
        split(body, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(body) + 1_000_000
