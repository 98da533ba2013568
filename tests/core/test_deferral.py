"""What is said of writers when nobody knows whether the spool has the event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set

import pytest

from eventgate.core.deferral import DeferringDelivery
from eventgate.core.model import Outcome, WriteResult
from eventgate.core.spool import Deferral, Invalid, SpoolStatus, Untaken
from eventgate.core.topics import Topic, compile_schema
from eventgate.core.writer import WriterUse
from eventgate.testing import FailingWriter, RecordingWriter, make_event


class SilentSpool:
    """Takes nothing, and knows it or not."""

    def __init__(self, certain: bool) -> None:
        self._untaken = Untaken("no answer", certain=certain)

    async def defer(self, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
        """Nothing is taken."""
        return [dict.fromkeys(each.missing, self._untaken) for each in deferrals]

    async def waiting(self, topic: str, keys: Set[str], deadline: float) -> Mapping[str, Set[str]]:
        """Nothing waits."""
        return {}

    async def keep_invalid(self, invalid: Sequence[Invalid], deadline: float) -> str | None:
        """Nothing is kept."""
        return "no answer"

    async def status(self, deadline: float) -> SpoolStatus:
        """Empty."""
        return SpoolStatus(0, None, 0)

    async def close(self) -> None:
        """Nothing to let go of."""


@pytest.mark.parametrize(("certain", "of_the_other"), [(True, Outcome.SKIPPED), (False, Outcome.UNKNOWN)])
async def test_a_writer_behind_a_guard_may_get_the_event_if_the_spool_may_have_it(
    certain: bool, of_the_other: Outcome
) -> None:
    """Redelivery would try it: only where the spool certainly has nothing is it `skipped`."""
    guard, other = FailingWriter("guard"), RecordingWriter("other")
    uses = {name: WriterUse() for name in ("guard", "other")}
    schema = compile_schema(b"{}", uri="orders.json", resources={})
    topic = Topic(name="orders", schema=schema, uses=uses, guard="guard", spool=True)
    delivery = DeferringDelivery([guard, other], SilentSpool(certain))
    soon = asyncio.get_running_loop().time() + 5
    results = await delivery.deliver(make_event(topic="orders"), topic, soon, {})
    await delivery.close()
    assert {name: result.outcome for name, result in results.items()} == {
        "guard": Outcome.FAILED if certain else Outcome.UNKNOWN,
        "other": of_the_other,
    }


class TakingSpool(SilentSpool):
    """Takes everything, and remembers it."""

    def __init__(self) -> None:
        super().__init__(certain=True)
        self.taken: list[Deferral] = []

    async def defer(self, deferrals: Sequence[Deferral], deadline: float) -> Sequence[Mapping[str, Untaken]]:
        """All is taken."""
        self.taken += deferrals
        return [{} for _ in deferrals]


async def test_a_writer_that_came_since_is_deferred_behind_its_guard_and_the_others_not_twice() -> None:
    guard, there, new = FailingWriter("guard"), RecordingWriter("there"), RecordingWriter("new")
    spool, deferred = TakingSpool(), WriteResult(Outcome.DEFERRED)
    uses = {name: WriterUse() for name in ("guard", "there", "new")}
    schema = compile_schema(b"{}", uri="orders.json", resources={})
    topic = Topic(name="orders", schema=schema, uses=uses, guard="guard", spool=True)
    delivery = DeferringDelivery([guard, there, new], spool)
    soon = asyncio.get_running_loop().time() + 5
    settled = {"guard": deferred, "there": deferred}
    results = await delivery.deliver(make_event(topic="orders"), topic, soon, settled)
    (many,) = await delivery.deliver_many([make_event(topic="orders")], topic, soon, [settled])
    await delivery.close()
    assert {result.outcome for result in (*results.values(), *many.values())} == {Outcome.DEFERRED}
    assert [(set(each.missing), each.guard) for each in spool.taken] == [({"guard", "new"}, "guard")] * 2
    assert new.events == there.events == []
