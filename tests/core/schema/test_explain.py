"""What each keyword says of an event that it refuses: pointer, keyword, words."""

from __future__ import annotations

import jsonschema_rs
import pytest

from eventgate.core.schema.problems import ASSERTION_TEXTS, LOADING_KINDS, MAX_LISTED, STRUCTURAL_KINDS
from tests.core.schema.problem_cases import CASES
from tests.core.schema.schema_support import problems


@pytest.mark.parametrize("name", CASES)
def test_a_refused_event_is_told(name: str) -> None:
    schema, event, expected = CASES[name]
    assert [(p.pointer, p.keyword, p.message) for p in problems(schema, event)] == expected


def test_every_kind_of_error_of_the_library_is_accounted_for() -> None:
    """A kind that a later version adds fails here: decide what it says, or how the explanation finds it."""
    kinds = {name for name in vars(jsonschema_rs.ValidationErrorKind) if name[0].isupper()}
    assert kinds == {*ASSERTION_TEXTS} | STRUCTURAL_KINDS | LOADING_KINDS


def test_every_kind_that_an_event_can_meet_is_in_the_table() -> None:
    # Custom is our uniqueItems; FromUtf8 needs a contentEncoding that decodes to other than UTF-8.
    assert {*ASSERTION_TEXTS, *STRUCTURAL_KINDS} - {*CASES} == {"Custom", "FromUtf8"}


def test_a_missing_member_is_named_in_property() -> None:
    (required,) = problems({"required": ["a"]}, {})
    (dependent,) = problems({"dependentRequired": {"a": ["b"]}}, {"a": 1})
    assert (required.property, dependent.property) == ("a", "b")
    assert required.type == "validation"


def test_long_lists_and_values_of_a_schema_are_cut() -> None:
    (many,) = problems({"enum": [f"value-{i}" for i in range(500)]}, "x")
    assert "more" in many.message
    assert len(many.message) < MAX_LISTED + 50
    (long,) = problems({"const": "x" * 5000}, "y")
    assert len(long.message) < 150
    (alternatives,) = problems({"anyOf": [{"const": "x" * 90}] * 40}, "y")
    assert len(alternatives.message) < 650


def test_a_name_counts_as_declared_wherever_the_schema_lists_it() -> None:
    schema = {
        "additionalProperties": {"type": "null"},
        "anyOf": [{"required": ["r"]}, True],
        "dependentRequired": {"d": []},
        "propertyNames": {"anyOf": [{}]},
    }
    pointers = [problem.pointer for problem in problems(schema, {"r": 1, "d": 1, "u": 1})]
    assert pointers == ["/r", "/d", "/*"]
    listed = {"additionalProperties": {"type": "null"}, "propertyNames": {"enum": ["e", "f"]}}
    assert [problem.pointer for problem in problems(listed, {"e": 1})] == ["/e"]
