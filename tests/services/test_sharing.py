"""Which process gets which tests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.services.sharing import dealt


@given(st.lists(st.integers(0, 9), max_size=4), st.integers(0, 60), st.integers(1, 5))
def test_every_test_is_dealt_once_whatever_there_is(sizes: list[int], count: int, processes: int) -> None:
    services = [[f"{service}-{number}" for number in range(size)] for service, size in enumerate(sizes)]
    others = [f"other-{number}" for number in range(count)]
    found = dealt(services, others, processes)
    assert sorted(found) == sorted([each for group in (*services, others) for each in group])
    assert [each for each in found if each in others] == others


def test_each_share_begins_with_the_tests_of_one_service() -> None:
    """As pytest-xdist cuts them: shares of one length, the last ones longer by what is left over."""
    found = "".join(dealt(["kkk", "pp", "aa"], "0123", 3))
    assert found == "kkkpp01aa23"
    assert "".join(dealt([["k"], ["p"], ["a"]], list("0123456"), 2)) == "ka012p3456"


def test_a_service_with_more_tests_than_a_share_keeps_its_order() -> None:
    assert "".join(dealt([["k"] * 6, ["p"]], list("01"), 3)) == "kkkkkkp01"
