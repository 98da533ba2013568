"""What a write holds while it waits."""

from __future__ import annotations

import asyncio
import gc
import weakref

from eventgate.core.model import Outcome, WriteResult
from eventgate.writers.kafka.parcel import Pending


class Seen(dict[str, bytes]):
    """Headers that tell when they are gone."""


async def test_a_write_that_is_done_lets_go_of_its_events_at_once() -> None:
    """They are not left to the search for garbage, which would have all of a batch's to look through."""
    headers = Seen({"eventgate-event-id": b"1"})
    gone = weakref.ref(headers)
    pending = Pending(asyncio.get_running_loop().time() + 60)
    parcel = pending.add("orders", None, b"{}", headers)
    parcel.settle(WriteResult(Outcome.DELIVERED))
    gc.disable()
    try:
        results = await pending.wait()
        del headers, parcel, pending
        assert gone() is None
    finally:
        gc.enable()
    assert [result.outcome for result in results] == [Outcome.DELIVERED]
