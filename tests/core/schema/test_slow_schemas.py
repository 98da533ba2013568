"""Schemas and events chosen to be slow: answered quickly, or refused when loaded."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.schema.enumeration import Enumeration
from eventgate.core.schema.repetition import repeats_too_often
from eventgate.errors import InvalidEvent
from tests.core.schema.schema_support import compiled, refusal, takes

OBJECTS = [{"a": number, "b": [number]} for number in range(5000)]


def cpu_seconds(schema: Any, event: Any, size: int) -> float:
    """To judge `event`, said to be of `size` bytes; what is compiled for the first explanation is not counted."""
    made = compiled(schema)
    for _ in range(2):
        started = time.thread_time()
        with suppress(InvalidEvent):
            made.check(event, size)
        spent = time.thread_time() - started
    return spent


@pytest.mark.parametrize(
    ("schema", "event", "size"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 1_000_000 + "!", 1_000_000),
        ({"pattern": "^(a|aa)+$"}, "a" * 1_000_000 + "!", 1_000_000),
        ({"pattern": "(.*)(.*)(.*)(.*)(.*)[^a]$"}, "a" * 1_000_000, 1_000_000),
        ({"pattern": "^(x{1,30}){1,30}y"}, "x" * 100_000, 100_000),
        ({"uniqueItems": True}, OBJECTS, 150_000),
        ({"items": {"enum": OBJECTS}}, OBJECTS, 150_000),
        ({"items": {"enum": OBJECTS}}, [{"a": -1}] * 1000, 10_000),
        ({"items": {"enum": [str(each) for each in range(20_000)]}}, ["no"] * 1000, 5_000),
        ({"items": {"anyOf": [{"const": each} for each in range(500)]}}, [-1] * 1000, 3_000),
        ({"multipleOf": 1e-300}, 1.7976931348623157e308, 23),
        ({"multipleOf": 5e-324}, 10**308, 309),
        ({"multipleOf": 0.01}, 5e-324, 6),
        ({"additionalProperties": {"type": "string"}}, {"k" * 1_000_000: 1}, 1_000_000),
        ({"propertyNames": {"maxLength": 5}}, {"k" * 1_000_000: 1}, 1_000_000),
        ({"items": {"format": "email"}}, ["a" * 1000 + "@" + "b." * 500] * 400, 800_000),
        ({"format": "idn-hostname"}, "\u00e9" * 400_000, 800_000),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_event_is_judged_and_explained_in_a_moment(schema: Any, event: Any, size: int) -> None:
    assert cpu_seconds(schema, event, size) < 0.5


@pytest.mark.parametrize(
    "pattern",
    [
        "(x{1,50}){1,50}y",
        "^((a{0,30}){0,30}){0,30}$",
        "(x{1,50}x){1,50}",
        "(?:x{1,50}|y){1,50}",
        "([ab]{1,60}a?){40}",
        r"(\w{1,50} ?){1,50}",
        "(?i:(?P<n>a{1,200}){2,9})",
        "((x?){40}){40}",
        "((x+){40,}){40}",
    ],
)
def test_repetitions_that_multiply_are_refused_with_their_place(pattern: str) -> None:
    """10 KB took more than a second with the first of them."""
    error = refusal({"properties": {"a": {"pattern": pattern}}})
    assert "1000 places" in str(error)
    assert error.pointer == "/properties/a/pattern"


@pytest.mark.parametrize(
    "pattern",
    [
        "^.{1,1000}$",
        "^[^@]{1,64}@[^@]{1,255}$",
        r"^([a-z0-9-]{1,63}\.){1,127}[a-z]{2,63}$",
        r"^(\d{1,3}\.){3}\d{1,3}$",
        "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        "^(a+)+$",
        "^([0-9a-f]{64}){1,100}$",
        "[[:alpha:]]{3}",
        "[]a]{3}",
        r"^arn:aws:[a-z0-9-]{1,30}:[a-z0-9-]{0,30}:\d{12}:.{1,512}$",
        "^(?:[A-Z]{1,20}_){0,100}[A-Z]{1,20}$",
        "^([^,]{0,100},){5,20}$",
        r"^(\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z)?,?){1,50}$",
    ],
)
def test_patterns_as_people_write_them_are_taken(pattern: str) -> None:
    compiled({"pattern": pattern})


@given(st.text(alphabet="ab.()[]{}?*+|\\^$,123x<>P:-# "))
def test_no_text_whatever_confuses_the_reading_of_patterns(pattern: str) -> None:
    assert repeats_too_often(pattern) in (True, False)


@given(st.recursive(st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab"), st.lists))
def test_a_long_enumeration_takes_what_the_library_takes(value: Any) -> None:
    options = [1, 2.0, "a", None, True, [], [1], ["a", []], [[0]], -0.5, [True], [None]] + [
        [{"n": n}] for n in range(20)
    ]
    judge = jsonschema_rs.validator_for({"enum": options}, keywords={"enum": Enumeration})
    assert judge.is_valid(value) == jsonschema_rs.is_valid({"enum": options}, value)
    assert takes(compiled({"enum": options}), value) == judge.is_valid(value)
