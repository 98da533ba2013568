"""The contract of writers that never hold one event id twice, as tests. Needs pytest and pytest-asyncio."""
# ruff: noqa: S101

from __future__ import annotations

import asyncio
from pathlib import Path

from eventgate.core.model import Outcome
from eventgate.testing.contract import KeepingWriterContract, opened, write, write_one
from eventgate.testing.events import make_event


class LedgerWriterContract(KeepingWriterContract):
    """And what it relies on where the sink knows its events again."""

    async def test_the_same_bytes_again_are_a_duplicate(self, tmp_path: Path) -> None:
        """In the same writer, and in the next one."""
        async with opened(self.writer(tmp_path)) as writer:
            await write(writer, self.event())
            assert (await write_one(writer, self.event())).outcome is Outcome.DUPLICATE
        async with opened(self.writer(tmp_path)) as writer:
            assert (await write_one(writer, self.event())).outcome is Outcome.DUPLICATE
        assert len(await self.stored(tmp_path)) == 1

    async def test_other_bytes_under_the_same_id_are_a_conflict(self, tmp_path: Path) -> None:
        """The first ones stay."""
        first, second = make_event({"n": 1}, event_id="same"), make_event({"n": 2}, event_id="same")
        async with opened(self.writer(tmp_path)) as writer:
            await write(writer, first)
            assert (await write_one(writer, second)).outcome is Outcome.CONFLICT
        assert await self.stored(tmp_path) == [(first.topic, "same", first.body)]

    async def test_an_id_belongs_to_its_topic(self, tmp_path: Path) -> None:
        """Two topics may use the same one."""
        events = (make_event(topic="orders", event_id="same"), make_event(topic="readings", event_id="same"))
        async with opened(self.writer(tmp_path)) as writer:
            assert [result.outcome for result in await write(writer, *events)] == [Outcome.DELIVERED] * 2

    async def test_a_group_judges_its_own_repetitions(self, tmp_path: Path) -> None:
        """In order, each neighbour by itself."""
        new = make_event({"n": 1}, event_id="new")
        other = make_event({"n": 2}, event_id="new")
        async with opened(self.writer(tmp_path)) as writer:
            await write(writer, self.event(1))
            results = await write(writer, self.event(1), new, new, other, self.event(2))
        assert [result.outcome for result in results] == [
            Outcome.DUPLICATE,
            Outcome.DELIVERED,
            Outcome.DUPLICATE,
            Outcome.CONFLICT,
            Outcome.DELIVERED,
        ]

    async def test_of_two_writers_one_delivers(self, tmp_path: Path) -> None:
        """Two gates given the same events at once hold each of them once, wherever the files or tables came from."""
        events = [self.event(number) for number in range(20)]
        async with opened(self.writer(tmp_path)) as one, opened(self.writer(tmp_path)) as other:
            pairs = await asyncio.gather(
                *(asyncio.gather(write_one(one, event), write_one(other, event)) for event in events)
            )
        assert all({each.outcome for each in pair} == {Outcome.DELIVERED, Outcome.DUPLICATE} for pair in pairs)
        assert len(await self.stored(tmp_path)) == len(events)
