"""`multipleOf` means what the library means by it, and stays fast."""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.schema.multiples import MultipleOf, is_slow_divisor
from tests.core.schema.schema_support import compiled, problems, takes

DIVISORS = st.sampled_from([0.01, 0.1, 0.5, 0.3, 2.5, 1e-5, 1e-20, 7e-300, 5e-324, 1e20, 2**60, 10**40, 1.5e300])
NUMBERS = (
    st.integers(-1000, 1000)
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-10_000, 10_000).map(lambda number: number / 100)
    | st.sampled_from([1e300, -7e-300, 49e-300, 2.0**61, 10**80, -0.0, 1.7976931348623157e308])
)


@given(DIVISORS, NUMBERS)
def test_a_multiple_is_what_it_is_for_the_library(divisor: float, number: float) -> None:
    judge = jsonschema_rs.validator_for({"multipleOf": divisor}, keywords={"multipleOf": MultipleOf})
    assert judge.is_valid(number) == jsonschema_rs.is_valid({"multipleOf": divisor}, number)


@pytest.mark.parametrize("value", [True, "0.015", None, [0.015], {"a": 0.015}])
def test_what_is_no_number_is_not_asked(value: Any) -> None:
    assert takes(compiled({"multipleOf": 0.01}), value)


def test_the_divisor_is_named_and_the_number_is_not() -> None:
    (found,) = problems({"items": {"multipleOf": 0.01}}, [1.5, 0.015])
    assert (found.pointer, found.message) == ("/1", "must be a multiple of 0.01")


def test_integers_are_left_to_the_library() -> None:
    assert [is_slow_divisor(each) for each in (1, 10, 2.0, 0.5, 2**53, None, "x")] == [False] * 3 + [True] * 2 + [
        False
    ] * 2


@pytest.mark.parametrize(("divisor", "number"), [(1e-300, 7), (0.01, 1e300), (5e-324, 1.5), (0.1, 10**300)])
def test_a_megabyte_of_numbers_takes_no_seconds(divisor: float, number: float) -> None:
    schema = compiled({"items": {"multipleOf": divisor}})
    started = time.thread_time()
    assert takes(schema, [number] * 100_000)
    assert time.thread_time() - started < 3
