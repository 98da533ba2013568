"""Delivery of many events at once: to each what it would get alone, in one trip to each writer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.delivery import Delivery
from eventgate.core.model import Event, Outcome, WriteResult
from eventgate.core.topics import Topic, compile_schema
from eventgate.core.writer import WriterUse
from eventgate.testing import RecordingWriter, SlowWriter, make_event

OUTCOMES = st.sampled_from(list(Outcome))


def topic(*names: str, guard: str | None = None) -> Topic:
    schema = compile_schema(b"true", uri="x.json", resources={})
    return Topic(name="x", schema=schema, uses={name: WriterUse() for name in names}, guard=guard)


class EachItsOwn(RecordingWriter):
    """Gives each event the outcome that it holds for this writer."""

    async def write(self, events: Sequence[Event], deadline: float) -> Sequence[WriteResult]:
        self.groups.append(tuple(events))
        return [WriteResult(Outcome(event.document[self.name])) for event in events]


@given(
    events=st.lists(st.fixed_dictionaries({"a": OUTCOMES, "b": OUTCOMES, "c": OUTCOMES}), max_size=6),
    known=st.lists(st.dictionaries(st.sampled_from("abc"), OUTCOMES), min_size=6, max_size=6),
    guard=st.sampled_from([None, "a", "b"]),
    names=st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")]),
)
def test_many_events_get_what_each_would_get_alone_in_one_trip_to_each_writer(
    events: list[dict[str, Outcome]],
    known: list[dict[str, Outcome]],
    guard: str | None,
    names: tuple[str, ...],
) -> None:
    to = topic(*names, guard=guard if guard in names else None)
    made = [make_event({name: outcome.value for name, outcome in event.items()}) for event in events]
    settled = [
        {name: WriteResult(outcome) for name, outcome in each.items() if name in names} for each in known[: len(events)]
    ]

    async def run() -> None:
        deadline = asyncio.get_running_loop().time() + 5.0
        together, apart = [[EachItsOwn(name) for name in names] for _ in range(2)]
        many = await Delivery(together).deliver_many(made, to, deadline, settled)
        single = Delivery(apart)
        alone = [await single.deliver(event, to, deadline, each) for event, each in zip(made, settled, strict=True)]
        assert many == alone
        for one, other in zip(together, apart, strict=True):
            assert [event.event_id for event in one.events] == [event.event_id for event in other.events]
            assert len(one.groups) <= 1

    asyncio.run(run())


async def test_a_guard_is_asked_for_all_before_any_other_writer_is() -> None:
    guard, other = SlowWriter("guard"), RecordingWriter("other")
    deadline = asyncio.get_running_loop().time() + 5.0
    to = topic("guard", "other", guard="guard")
    running = asyncio.create_task(Delivery([guard, other]).deliver_many([make_event()] * 2, to, deadline, [{}, {}]))
    await guard.started.wait()
    assert other.events == []
    guard.release.set()
    await running
    assert len(other.groups) == 1
