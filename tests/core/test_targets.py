"""Where each writer's events land, as fingerprints that receipts hold."""

from __future__ import annotations

import pytest

from eventgate.core.delivery import Delivery
from eventgate.testing import RecordingWriter, SlowWriter
from tests.core.test_delivery import topic


def test_where_events_land_is_told_by_fingerprints_that_change_with_it() -> None:
    """With the writer's place, the topic, its settings for the writer, and the kind of writer."""
    a, b = RecordingWriter("a"), RecordingWriter("b")
    delivery, both = Delivery([a, b]), topic("a", "b")
    first = delivery.targets(both)
    assert [len(mark) for mark in first.values()] == [8, 8]
    assert first["a"] != first["b"]
    assert delivery.targets(both) == first
    assert delivery.targets(topic("a", "b")) == first
    assert list(delivery.targets(topic("b"))) == ["b"]
    a.place = "elsewhere"
    second = delivery.targets(both)
    assert (second["a"] != first["a"], second["b"]) == (True, first["b"])
    assert Delivery([SlowWriter("a")]).targets(topic("a")) != Delivery([RecordingWriter("a")]).targets(topic("a"))


class SilentWriter(RecordingWriter):
    """As a plugin that was written before writers had targets."""

    target = None  # type: ignore[assignment]


class RaisingWriter(RecordingWriter):
    """Does not know where it writes."""

    def target(self, topic: str, options: object) -> str:
        raise ValueError(topic)


class SurprisingWriter(RecordingWriter):
    """Gives something else than a text."""

    def target(self, topic: str, options: object) -> str:
        return 5  # type: ignore[return-value]


@pytest.mark.parametrize("kind", [SilentWriter, RaisingWriter, SurprisingWriter])
def test_a_writer_that_does_not_say_where_it_writes_has_none_and_the_log_says_so_once(
    kind: type[RecordingWriter], caplog: pytest.LogCaptureFixture
) -> None:
    delivery = Delivery([kind("odd"), RecordingWriter("b")])
    with caplog.at_level("WARNING", "eventgate.delivery"):
        for _ in range(3):
            assert list(delivery.targets(topic("odd", "b"))) == ["b"]
    told = [record for record in caplog.records if "no receipt spares it" in record.message]
    assert len(told) == 1
