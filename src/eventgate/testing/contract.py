"""The writer contract as tests: subclass one of the classes in a test module, fill in its hooks, and pytest runs them.

`WriterContract` is for every writer, `KeepingWriterContract` for those whose sink can be read back and be broken; what
never holds one event id twice has `LedgerWriterContract`, next door. Needs pytest and pytest-asyncio.
"""
# ruff: noqa: S101

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from eventgate.core.model import Event, Outcome, Unacceptable, WriteResult
from eventgate.core.writer import Grouping, Writer
from eventgate.errors import SinkUnavailable
from eventgate.testing.events import make_event

SECONDS = 10.0
"""The deadline of a write that is expected to succeed."""
GRACE_SECONDS = 1.0
"""How much later than its deadline a write may return on a busy machine."""

_BY_WRITERS = set(Outcome) - {Outcome.DEFERRED, Outcome.SKIPPED}
_NOT_THERE = {Outcome.FAILED, Outcome.UNKNOWN}


async def write(writer: Writer, *events: Event, seconds: float = SECONDS) -> list[WriteResult]:
    """Write one group, see that the deadline is kept, and that there is one result for each event."""
    deadline = asyncio.get_running_loop().time() + seconds
    async with asyncio.timeout(max(seconds, 0.0) + GRACE_SECONDS):
        results = list(await writer.write(events, deadline))
    assert len(results) == len(events)
    assert {result.outcome for result in results} <= _BY_WRITERS
    return results


async def write_one(writer: Writer, event: Event, *, seconds: float = SECONDS) -> WriteResult:
    """Write a group of one."""
    return (await write(writer, event, seconds=seconds))[0]


def target_of(writer: Writer, event: Event) -> str:
    """Where `writer` says that `event` lands; a text that is not empty."""
    target = writer.target(event.topic, event.options.get(writer.name))
    assert isinstance(target, str)
    assert target
    return target


@asynccontextmanager
async def opened(writer: Writer) -> AsyncIterator[Writer]:
    """`writer`, open, and closed afterwards."""
    await writer.open()
    try:
        yield writer
    finally:
        await writer.close()


class WriterContract:
    """What the gate relies on, whatever the sink."""

    pytestmark = pytest.mark.asyncio

    def writer(self, folder: Path) -> Writer:
        """A new writer, not opened, whose sink belongs to `folder`: twice the same folder is the same sink."""
        raise NotImplementedError

    def event(self, number: int = 0) -> Event:
        """An event that the sink takes; different numbers differ in id and bytes."""
        return make_event({"number": number}, event_id=f"event-{number}")

    async def test_is_a_writer_with_a_name_and_bounds(self, tmp_path: Path) -> None:
        """The gate reads `name` and `grouping` before anything is opened."""
        writer = self.writer(tmp_path)
        assert isinstance(writer, Writer)
        assert writer.name
        assert writer.grouping is None or isinstance(writer.grouping, Grouping)

    async def test_opening_and_closing_twice_is_harmless(self, tmp_path: Path) -> None:
        """As is closing what was never opened, and opening again."""
        writer = self.writer(tmp_path)
        await writer.close()
        for _ in range(2):
            await writer.open()
            await writer.open()
            assert (await write_one(writer, self.event())).outcome in {Outcome.DELIVERED, Outcome.DUPLICATE}
            await writer.close()
            await writer.close()

    async def test_refuse_needs_no_sink(self, tmp_path: Path) -> None:
        """It says what it says at once, before the writer is open."""
        answer = self.writer(tmp_path).refuse(self.event())
        assert answer is None or isinstance(answer, Unacceptable)

    def renewed(self, folder: Path) -> Writer:
        """The same writer to the same sink with other credentials, where the sink has any."""
        return self.writer(folder)

    async def test_the_target_depends_on_the_sink_alone(self, tmp_path: Path) -> None:
        """It is the same text before the writer is open and after, in another one, and with other credentials."""
        event = self.event()
        writer = self.writer(tmp_path)
        target = target_of(writer, event)
        async with opened(writer):
            await write_one(writer, event)
            assert target_of(writer, event) == target
        assert target_of(self.writer(tmp_path), event) == target
        assert target_of(self.renewed(tmp_path), event) == target

    async def test_ordinary_events_are_delivered(self, tmp_path: Path) -> None:
        """Alone and in groups, an empty one included."""
        async with opened(self.writer(tmp_path)) as writer:
            results = [await write(writer), await write(writer, self.event(0))]
            results.append(await write(writer, *(self.event(number) for number in range(1, 20))))
        assert {result.outcome for group in results for result in group} == {Outcome.DELIVERED}

    async def test_ids_may_repeat_within_a_group(self, tmp_path: Path) -> None:
        """There is a result for every one of them."""
        async with opened(self.writer(tmp_path)) as writer:
            first, second, third = await write(writer, self.event(1), self.event(2), self.event(1))
        assert first.outcome is second.outcome is Outcome.DELIVERED
        assert third.outcome in {Outcome.DELIVERED, Outcome.DUPLICATE}

    async def test_a_write_past_its_deadline_is_a_result(self, tmp_path: Path) -> None:
        """And the next one is as good as ever."""
        async with opened(self.writer(tmp_path)) as writer:
            await write(writer, self.event(1), seconds=-1.0)
            assert (await write_one(writer, self.event(2))).outcome is Outcome.DELIVERED

    async def test_a_cancelled_write_does_not_harm_the_next(self, tmp_path: Path) -> None:
        """The gate cancels a write when its caller's time is up."""
        async with opened(self.writer(tmp_path)) as writer:
            task = asyncio.ensure_future(write_one(writer, self.event(1)))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await write_one(writer, self.event(2))).outcome is Outcome.DELIVERED

    async def test_probe_passes_while_the_sink_is_well(self, tmp_path: Path) -> None:
        """Before the first event as well as after."""
        async with opened(self.writer(tmp_path)) as writer:
            await writer.probe()
            await write(writer, self.event())
            await writer.probe()


class KeepingWriterContract(WriterContract):
    """And what it relies on where the sink keeps the events."""

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """(topic, event id, body) of all that the sink holds, in any order."""
        raise NotImplementedError

    async def break_sink(self, folder: Path) -> None:
        """Make the sink unusable; what it holds may be lost."""
        raise NotImplementedError

    async def mend_sink(self, folder: Path) -> None:
        """Make it usable again."""
        raise NotImplementedError

    def elsewhere(self, folder: Path) -> Sequence[tuple[Writer, Event]]:
        """Writers and events of the same topic that would land in other places: each with one thing changed."""
        return [(self.writer(folder / "elsewhere"), self.event())]

    async def test_another_place_is_another_target(self, tmp_path: Path) -> None:
        """Whatever it is that sends events there; nobody asks the sink for it."""
        await self.break_sink(tmp_path)
        targets = [target_of(self.writer(tmp_path), self.event())]
        targets += [target_of(writer, event) for writer, event in self.elsewhere(tmp_path)]
        assert len(set(targets)) == len(targets) > 1

    async def test_a_delivered_event_is_there_byte_for_byte(self, tmp_path: Path) -> None:
        """Large integers and decimals keep their text; no number is read and written again."""
        body = b'{"big": 123456789012345678901234567890, "price": 1.10, "text": "\\u00e9\xc3\xa9"}'
        event = make_event(body=body)
        async with opened(self.writer(tmp_path)) as writer:
            assert (await write_one(writer, event)).outcome is Outcome.DELIVERED
            assert (event.topic, event.event_id, body) in await self.stored(tmp_path)

    async def test_what_was_delivered_outlives_the_writer(self, tmp_path: Path) -> None:
        """Also what was under way when it was closed."""
        async with opened(self.writer(tmp_path)) as writer:
            tasks = [asyncio.ensure_future(write_one(writer, self.event(number))) for number in range(5)]
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks)
        stored = {event_id for _, event_id, _ in await self.stored(tmp_path)}
        for number, result in enumerate(results):
            assert result.outcome in {Outcome.DELIVERED, Outcome.FAILED, Outcome.UNKNOWN}
            assert result.outcome is not Outcome.DELIVERED or f"event-{number}" in stored
            assert result.outcome is not Outcome.FAILED or f"event-{number}" not in stored

    async def test_a_closed_writer_delivers_nothing(self, tmp_path: Path) -> None:
        """It says so, rather than raise."""
        writer = self.writer(tmp_path)
        async with opened(writer):
            pass
        assert (await write_one(writer, self.event())).outcome is Outcome.FAILED
        assert not await self.stored(tmp_path)

    async def test_a_broken_sink_is_a_result_with_a_reason(self, tmp_path: Path) -> None:
        """Opening does not fail; every event gets a result by the deadline; no text says where the sink is."""
        await self.break_sink(tmp_path)
        async with opened(self.writer(tmp_path)) as writer:
            results = await write(writer, self.event(1), self.event(2), seconds=1.0)
            with pytest.raises(SinkUnavailable) as unavailable:
                await writer.probe()
        assert {result.outcome for result in results} <= _NOT_THERE
        for text in (str(unavailable.value), *(result.reason for result in results)):
            assert text
            assert str(tmp_path) not in text

    async def test_a_writer_recovers_with_its_sink(self, tmp_path: Path) -> None:
        """Whether the sink broke before it was opened or under it."""
        await self.break_sink(tmp_path)
        async with opened(self.writer(tmp_path)) as writer:
            for number in (1, 3):
                assert (await write_one(writer, self.event(number), seconds=1.0)).outcome in _NOT_THERE
                await self.mend_sink(tmp_path)
                await writer.probe()
                assert (await write_one(writer, self.event(number + 1))).outcome is Outcome.DELIVERED
                assert f"event-{number + 1}" in {event_id for _, event_id, _ in await self.stored(tmp_path)}
                await self.break_sink(tmp_path)
