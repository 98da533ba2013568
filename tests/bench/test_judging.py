"""What is wanted is judged by rounds that ran side by side, and by the cores that there were."""

from __future__ import annotations

import pytest

from bench.figures import Contestant, Round
from bench.over_latency import wish
from bench.over_workers import scaling


def test_latencies_are_compared_round_by_round() -> None:
    """A round in which everything is slow changes nothing."""
    gate = [Round(1, 1, 1, 1, p99) for p99 in (4.0, 40.0, 5.0)]
    own = [Round(1, 1, 1, 1, p99) for p99 in (2.0, 20.0, 2.0)]
    assert wish(gate, own).measured == pytest.approx(2)
    assert wish(gate, own).met
    assert not wish(gate, [Round(1, 1, 1, 1, 0.1)] * 3).met


def test_two_workers_are_judged_by_the_cores_that_the_load_leaves_them() -> None:
    one = Contestant("one", [Round(1000, 1.0, 1.0)])
    two = Contestant("two", [Round(1600, 1.0, 1.6)])
    assert scaling(one, two, [1.6]) == pytest.approx(2)
    assert scaling(one, two, [2.0]) == pytest.approx(1.6)
