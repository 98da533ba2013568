"""What is said of writers when nobody knows whether the spool has the event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set

import pytest

from eventgate.core.deferral import DeferringDelivery
from eventgate.core.model import Outcome
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
