"""What takes its time says how far it is."""

from __future__ import annotations

import pytest

from eventgate.config.progress import progressing

ITEMS = {"one": 1, "two": 2, "three": 3}


def test_what_is_quick_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert dict(progressing(ITEMS, "topics are compiled", tell_seconds=3600.0)) == ITEMS
    assert not caplog.messages


def test_what_takes_long_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert dict(progressing(ITEMS, "topics are compiled", tell_seconds=0.0)) == ITEMS
    assert caplog.messages == [f"{done} of 3 topics are compiled" for done in range(3)]


def test_nothing_is_no_work(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert not dict(progressing({}, "topics are compiled", tell_seconds=0.0))
    assert not caplog.messages
