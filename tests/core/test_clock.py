"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from eventgate.core.clock import timestamp


@given(st.integers(0, 4_000_000_000_000_000).map(lambda micros: micros / 1_000_000))
@example(1_700_000_000.123)
@example(1_700_000_000.9999999)
@example(0.9995)
def test_it_is_the_time_in_milliseconds(seconds: float) -> None:
    """Of whole microseconds: between two of them it may be either."""
    shown = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    assert timestamp(seconds) == shown.replace("+00:00", "Z")
