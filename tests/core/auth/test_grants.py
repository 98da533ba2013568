"""Field constraints: which fields they mean, and what matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.auth.access import Grant, parse_access
from eventgate.errors import FieldForbidden


def grant_of(constraints: Any) -> Grant:
    access, findings = parse_access({"runs": {"alice": constraints}}, file="access.json", fold_case=False)
    assert findings == ()
    return access.check_topic("alice", "runs")


def allows(constraints: Any, document: Any) -> bool:
    grant = grant_of(constraints)
    try:
        grant.check(document)
    except FieldForbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("patterns", "value", "expected"),
    [
        (["abc"], "abc", True),
        (["abc"], "xabc", False),
        (["abc"], "abcx", False),
        (["abc"], "abc\n", False),
        (["abc"], "\nabc", False),
        (["a|b"], "a", True),
        (["a|b"], "b", True),
        (["a|b"], "ab", False),
        (["a|ab"], "ab", True),
        (["x", "y.*"], "yes", True),
        (["^abc$"], "abc", True),
        (["(?m)^abc$"], "abc\nabc", False),
        (["(?m)abc$"], "abc\nx", False),
        (["(?i)abc"], "ABC", True),
        (["abc"], "ABC", False),
        (["(?x) a b # the end"], "ab", True),
        (["(?x) a b # the end"], "ab\n", False),
        (["(?x) a b # the end"], "abc", False),
        (["(?x) a # ) | (?:"], "a", True),
        (["(?x) a # ) | (?:"], "axx", False),
        (["a # b"], "a # b", True),
        (["a # b"], "a ", False),
        ([".*"], "", True),
        ([".*"], "a\nb", False),
        (["(?s).*"], "a\nb", True),
        ([""], "", True),
        ([""], "a", False),
        ([r"\d+"], "12", True),
        ([r"\d+"], "١٢", False),
        (["true"], True, True),
        (["false"], False, True),
        (["1"], True, False),
        (["True"], True, False),
        (["1"], 1, True),
        ([r"-?\d+"], -5, True),
        ([r"\d+"], 2**200, True),
        ([".*"], 1.0, False),
        (["1"], 1.0, False),
        ([".*"], None, False),
        ([".*"], {}, False),
        ([".*"], ["a"], False),
    ],
)
def test_a_field_must_match_one_pattern_fully(patterns: list[str], value: Any, expected: bool) -> None:
    assert allows({"field": patterns}, {"field": value}) is expected


@pytest.mark.parametrize(
    ("field", "document", "expected"),
    [
        ("a", {"a": "x"}, True),
        ("a", {}, False),
        ("a", {"A": "x"}, False),
        ("a", [], False),
        ("a", "x", False),
        ("0", ["x"], False),
        ("a.b", {"a.b": "x"}, True),
        ("a/b", {"a/b": "x"}, True),
        ("a~1b", {"a~1b": "x"}, True),
        ("/a/b", {"a": {"b": "x"}}, True),
        ("/a~1b", {"a/b": "x"}, True),
        ("/a/0", {"a": ["x"]}, True),
        ("/a/1", {"a": ["x"]}, False),
        ("/a/b", {"a": "x"}, False),
        ("", {"": "x"}, True),
    ],
)
def test_a_field_is_a_member_name_or_a_pointer(field: str, document: Any, expected: bool) -> None:
    assert allows({field: ["x"]}, document) is expected


def test_all_constraints_must_hold() -> None:
    constraints = {"a": ["x"], "b": ["y"]}
    assert allows(constraints, {"a": "x", "b": "y"})
    assert not allows(constraints, {"a": "x", "b": "x"})
    assert not allows(constraints, {"a": "x"})


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    grant = grant_of({"source_app": ["good"]})
    with pytest.raises(FieldForbidden, match="source_app") as refusal:
        grant.check({"source_app": "wicked"})
    assert "wicked" not in str(refusal.value)
    assert refusal.value.problems[0].reason == "field"
    assert refusal.value.problems[0].pointer == "/source_app"


@given(st.text(alphabet="ab|()[]*+?.^$\\#(?x)\n ", max_size=12), st.text(alphabet="abc\n #", max_size=4))
def test_no_pattern_matches_only_a_part(pattern: str, value: str) -> None:
    """Where a pattern matches a text with something appended that no pattern here can match, it is not anchored."""
    document = {"runs": {"alice": {"a": [pattern]}}}
    access, findings = parse_access(document, file="access.json", fold_case=False)
    if not findings and "." not in pattern and "[^" not in pattern:
        with pytest.raises(FieldForbidden):
            access.check_topic("alice", "runs").check({"a": value + "\u2603"})
