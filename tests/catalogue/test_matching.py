"""Texts for patterns: whatever the pattern, nothing breaks, and common ones are met."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.catalogue.examples.matching import matching

PIECES = st.sampled_from(
    ["a", "Z", "0", "-", "\\d", "\\w", "\\s", "\\.", ".", "[a-z]", "[^a-z]", "[A-F0-9_-]", "\\p{L}", "\\x41", "(ab|c)"]
)
QUANTIFIERS = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "+?"])
PATTERNS = st.lists(st.tuples(PIECES, QUANTIFIERS), min_size=1, max_size=6).map(
    lambda pieces: "^" + "".join(piece + quantifier for piece, quantifier in pieces) + "$"
)


@given(PATTERNS, st.integers(0, 30))
def test_a_pattern_of_usual_pieces_is_matched(pattern: str, index: int) -> None:
    judge = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    texts = list(matching(pattern, index))
    assert texts
    assert all(judge.is_valid(text) for text in texts)


@given(st.text("ab(|)*+?{}[]^$\\dwspPL1,-.&:<>xu!=", max_size=14), st.integers(0, 5))
def test_what_is_no_pattern_breaks_nothing(pattern: str, index: int) -> None:
    for text in matching(pattern, index):
        assert len(text) < 10_000


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", "(?<!a)b", "(a", "a)", "[", "[a", "[[:alpha:]]", "\\", "\\p{Greek}", "(" * 60 + ")" * 60]
)
def test_what_is_not_read_has_no_texts(pattern: str) -> None:
    assert list(matching(pattern, 0)) == []


def test_texts_for_a_large_pattern_end_at_a_bound() -> None:
    assert list(matching("^(?:[a-z]{5000}){5000}$", 0)) == []
    assert list(matching("^[a-z]{100000}$", 0)) == []
