"""The rate of one subject's posts."""

from __future__ import annotations

import pytest

from eventgate.core.rate import SubjectRate
from eventgate.errors import RateLimited


def test_a_subject_past_its_rate_is_429_until_time_has_passed_and_others_are_not() -> None:
    now = 0.0
    rate = SubjectRate(2.0, lambda: now)
    for _ in range(4):
        rate.take("a")
    with pytest.raises(RateLimited) as caught:
        rate.take("a")
    assert caught.value.status == 429
    assert caught.value.headers == ((b"retry-after", b"1"),)
    rate.take("b")
    now = 0.5
    rate.take("a")
    with pytest.raises(RateLimited):
        rate.take("a")


def test_a_slow_rate_still_lets_one_post_through_and_says_when_the_next_may_come() -> None:
    now = 0.0
    rate = SubjectRate(0.1, lambda: now)
    rate.take("a")
    with pytest.raises(RateLimited) as caught:
        rate.take("a")
    assert caught.value.headers == ((b"retry-after", b"10"),)
    now = 10.0
    rate.take("a")


def test_the_subjects_remembered_are_bounded() -> None:
    rate = SubjectRate(1.0, lambda: 0.0)
    for number in range(10_001):
        rate.take(str(number))
    assert len(rate._buckets) == 10_000
