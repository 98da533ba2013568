"""`uniqueItems` means what the library means by it, and stays fast."""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.schema.schema_support import compiled, takes

UNIQUE = compiled({"uniqueItems": True})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([2**63, 2**64, 2**53, 1e300, 10**300])
    | st.floats(-2, 2).map(lambda number: round(number, 1))
    | st.sampled_from(["", "a", "1", "True", "None", "0x1", "s"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(VALUES, max_size=6))
def test_equality_is_that_of_json_schema(items: list[Any]) -> None:
    assert takes(UNIQUE, items) == jsonschema_rs.is_valid({"uniqueItems": True}, items)


@pytest.mark.parametrize(
    "items", [[1, 1.0], [0, -0.0], [1e300, 10**300], [[1], [1.0]], [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}]]
)
def test_numbers_are_equal_by_value(items: list[Any]) -> None:
    assert not takes(UNIQUE, items)


@pytest.mark.parametrize("items", [[1, True], [0, False], ["1", 1], [None, "None"], [[], {}], [["ab"], ["a", "b"]]])
def test_values_of_different_types_differ(items: list[Any]) -> None:
    assert takes(UNIQUE, items)


def test_only_arrays_are_asked_and_only_where_it_is_wanted() -> None:
    assert takes(UNIQUE, {"a": 1})
    assert takes(compiled({"uniqueItems": False}), [1, 1])


@pytest.mark.parametrize(
    "items",
    [
        [10**30 + i for i in range(30_000)],
        [(2**61 - 1) * i for i in range(40_000)],
        [[10**30 + i] for i in range(25_000)],
        [10**300 + i for i in range(3_000)],
    ],
    ids=["beyond 64 bits", "of one hash", "in arrays", "of 300 digits"],
)
def test_a_megabyte_of_large_integers_takes_no_minutes(items: list[Any]) -> None:
    started = time.thread_time()
    assert takes(UNIQUE, items)
    assert time.thread_time() - started < 1
