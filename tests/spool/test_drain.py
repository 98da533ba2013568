"""Redelivery out of a SQLite spool: in order, without one sink or event holding up another, each outcome to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventgate.core.model import Event, Outcome
from eventgate.spool.entries import DeadLetter, Wanted
from eventgate.spool.sqlite import work
from eventgate.spool.sqlite.drain import PROBES
from eventgate.spool.sqlite.letterbox import SqliteLetterbox
from tests.spool.sinks import TellingWriter, Works, soon, topic_for

Make = Callable[..., Awaitable[Works]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Drains on one spool, which are closed at the end."""
    async with AsyncExitStack() as stack:

        async def works(*writers: TellingWriter) -> Works:
            return await stack.enter_async_context(Works(tmp_path, *writers))

        yield works


async def letters(works: Works) -> list[DeadLetter]:
    box = SqliteLetterbox(works.spool)
    return [letter async for group in box.find(Wanted(), take=False) for letter in group]


def of_key(taken: Iterable[str], key: str) -> list[str]:
    return [id for id in taken if id.startswith(f"{key}-")]


@settings(max_examples=25, deadline=None)
@given(
    keys=st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=30),
    seed=st.integers(0, 2**32),
    share=st.floats(0, 0.7),
)
async def test_whatever_fails_in_between_the_events_of_a_key_arrive_in_order_and_once(
    keys: list[str], seed: int, share: float
) -> None:
    chance = random.Random(seed)  # noqa: S311 # a test that can be repeated
    ids = [f"{key}-{number:03}" for number, key in enumerate(keys)]

    def moody(event: Event) -> Outcome:
        return Outcome.FAILED if chance.random() < share else Outcome.DELIVERED

    with TemporaryDirectory() as folder:
        a, b = TellingWriter("a", moody), TellingWriter("b", moody)
        async with Works(Path(folder), a, b) as works:
            for id, key in zip(ids, keys, strict=True):
                assert await works.defer(id, key)
            await works.until_empty()
    for writer in (a, b):
        assert sorted(writer.taken) == sorted(ids)
        for key in "xyz":
            assert of_key(writer.taken, key) == of_key(ids, key)


async def test_two_drains_on_one_spool_keep_order_and_deliver_once(make: Make) -> None:
    first, second = TellingWriter("a"), TellingWriter("a")
    one, other = await make(first), await make(second)
    second.taken = first.taken  # one sink
    ids = [f"{'xy'[number % 2]}-{number:03}" for number in range(60)]
    for id in ids:
        assert await one.defer(id, id[0])
    await asyncio.gather(one.until_empty(), other.until_empty())
    assert sorted(first.taken) == sorted(ids)
    assert [of_key(first.taken, key) for key in "xy"] == [of_key(ids, key) for key in "xy"]


async def test_an_event_that_always_fails_holds_up_only_its_key(make: Make) -> None:
    poison = TellingWriter("a", lambda event: Outcome.FAILED if event.event_id == "x-1" else Outcome.DELIVERED)
    works = await make(poison)
    for id in ("x-1", "x-2", "y-1", "n-1"):
        await works.defer(id, None if id == "n-1" else id[0])
    await works.drain.once()
    assert sorted(poison.taken) == ["n-1", "y-1"]


async def test_a_sink_that_is_down_is_asked_with_few_events(make: Make) -> None:
    down = TellingWriter("a", lambda event: Outcome.FAILED)
    works = await make(down)
    for number in range(50):
        await works.defer(str(number))
    await works.drain.once()
    assert down.attempts == PROBES
    down.say = lambda event: Outcome.DELIVERED
    assert await works.drain.once() == 50


async def test_while_a_sink_is_failing_nobody_asks_it_before_its_time(make: Make) -> None:
    works = await make(TellingWriter("a"))
    await works.defer("1")
    claim = await works.spool.transact(lambda c: work.claim(c, "a", "me", 1e12, 2e12), soon())
    again = await works.spool.transact(lambda c: work.claim(c, "a", "other", 1e12, 2e12), soon())
    assert (len(claim), again) == (1, [])


async def test_the_lease_of_a_drain_that_died_runs_out(make: Make) -> None:
    works = await make(TellingWriter("a"))
    await works.defer("1")
    taken = await works.spool.transact(lambda c: work.claim(c, "a", "dead", 1e12, 1e12 + 10), soon())
    early = await works.spool.transact(lambda c: work.claim(c, "a", "me", 1e12 + 9, 2e12), soon())
    late = await works.spool.transact(lambda c: work.claim(c, "a", "me", 1e12 + 11, 2e12), soon())
    assert [len(each) for each in (taken, early, late)] == [1, 0, 1]


@pytest.mark.parametrize(("outcome", "why"), [(Outcome.REFUSED, "refused"), (Outcome.CONFLICT, "conflict")])
async def test_what_a_sink_will_never_take_is_a_dead_letter_and_lets_the_next_one_pass(
    make: Make, outcome: Outcome, why: str
) -> None:
    writer = TellingWriter("a", lambda event: outcome if event.event_id == "1" else Outcome.DELIVERED)
    works = await make(writer)
    await works.defer("1", "k")
    await works.defer("2", "k")
    await works.until_empty()
    assert writer.taken == ["2"]
    (letter,) = await letters(works)
    assert (letter.why, letter.writer, letter.event.event_id, letter.reason) == (why, "a", "1", "as told")


async def test_what_is_too_old_is_a_dead_letter_and_no_sink_is_asked(make: Make) -> None:
    writer = TellingWriter("a")
    works = await make(writer)
    await works.defer("1", "k")
    await works.spool.transact(lambda c: c.execute("UPDATE writes SET deferred_at = deferred_at - 2000"), soon())
    await works.defer("2", "k")
    await works.until_empty()
    assert writer.taken == ["2"]
    (letter,) = await letters(works)
    assert (letter.why, letter.event.event_id) == ("expired", "1")
    assert letter.reason == "not delivered within spool.max_age_seconds; last: failed: down"


@pytest.mark.parametrize("guard_says", [Outcome.DELIVERED, Outcome.DUPLICATE, Outcome.CONFLICT])
async def test_the_others_follow_their_guard(make: Make, guard_says: Outcome) -> None:
    order: list[str] = []

    def noting(name: str, outcome: Outcome) -> TellingWriter:
        def say(event: Event) -> Outcome:
            order.append(name)
            return outcome

        return TellingWriter(name, say)

    works = await make(noting("a", Outcome.DELIVERED), noting("guard", guard_says))
    await works.defer("1", "k", "a", "guard", guard="guard")
    await works.until_empty()
    dead = {letter.writer: letter.why for letter in await letters(works)}
    if guard_says is Outcome.CONFLICT:
        assert (order, dead) == (["guard"], {"guard": "conflict", "a": "guard"})
    else:
        assert (order, dead) == (["guard", "a"], {})


async def test_a_topic_that_is_gone_waits_for_its_return_and_blames_no_sink(make: Make) -> None:
    writer = TellingWriter("a")
    works = await make(writer)
    await works.defer("1")
    works.topics.clear()
    assert await works.drain.once() == 0
    assert writer.attempts == 0
    works.topics["orders"] = topic_for(writer)
    await works.until_empty()
    assert writer.taken == ["1"]
