"""Delivery to several writers, and what the answer makes of their outcomes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.delivery import Delivery, verdict
from eventgate.core.model import Outcome, Unacceptable, WriteResult
from eventgate.core.topics import Topic, compile_schema
from eventgate.core.writer import Writer, WriterUse
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter, make_event

ANYTHING = compile_schema(b"true", uri="x.json", resources={})


def topic(*required: str, optional: tuple[str, ...] = (), guard: str | None = None) -> Topic:
    uses = {name: WriterUse() for name in required} | {name: WriterUse(required=False) for name in optional}
    return Topic(name="x", schema=ANYTHING, uses=uses, guard=guard)


async def deliver(to: Topic, *writers: Writer, seconds: float = 5.0) -> dict[str, Outcome]:
    delivery = Delivery(writers)
    deadline = asyncio.get_running_loop().time() + seconds
    results = await delivery.deliver(make_event(), to, deadline, {})
    return {name: result.outcome for name, result in results.items()}


async def test_every_writer_of_the_topic_gets_the_event_and_no_other() -> None:
    a, b, c = RecordingWriter("a"), RecordingWriter("b"), RecordingWriter("c")
    assert await deliver(topic("a", "b"), a, b, c) == {"a": Outcome.DELIVERED, "b": Outcome.DELIVERED}
    assert (len(a.events), len(b.events), len(c.events)) == (1, 1, 0)


async def test_writers_run_side_by_side() -> None:
    a, b = SlowWriter("a"), SlowWriter("b")
    running = asyncio.create_task(deliver(topic("a", "b"), a, b))
    await a.started.wait()
    await b.started.wait()
    a.release.set()
    b.release.set()
    assert set((await running).values()) == {Outcome.DELIVERED}


async def test_one_writers_fault_touches_no_other() -> None:
    writers = [
        RecordingWriter("good"),
        FailingWriter("failing"),
        FailingWriter("raising", error=ValueError("x")),
        FailingWriter("cancelling", error=asyncio.CancelledError()),
        SlowWriter("hanging", heeds_deadline=False),
    ]
    names = tuple(writer.name for writer in writers)
    assert await deliver(topic(*names), *writers, seconds=0.05) == {
        "good": Outcome.DELIVERED,
        "failing": Outcome.FAILED,
        "raising": Outcome.UNKNOWN,
        "cancelling": Outcome.UNKNOWN,
        "hanging": Outcome.UNKNOWN,
    }


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_a_guard_lets_the_others_run_only_if_its_sink_has_the_event(outcome: Outcome) -> None:
    other = RecordingWriter("other")
    guard = FailingWriter("guard", outcome=outcome)
    outcomes = await deliver(topic("other", "guard", guard="guard"), other, guard)
    if outcome in (Outcome.DELIVERED, Outcome.DUPLICATE):
        assert outcomes == {"other": Outcome.DELIVERED, "guard": outcome}
    else:
        assert outcomes == {"other": Outcome.SKIPPED, "guard": outcome}
        assert other.events == []


async def test_a_settled_writer_is_not_asked_again() -> None:
    a, b = RecordingWriter("a"), RecordingWriter("b")
    known = WriteResult(Outcome.DELIVERED, {"index": 7})
    deadline = asyncio.get_running_loop().time() + 5
    results = await Delivery([a, b]).deliver(make_event(), topic("a", "b", guard="a"), deadline, {"a": known})
    assert (results["a"], a.events, len(b.events)) == (known, [], 1)


@pytest.mark.parametrize("many", [False, True])
async def test_a_deferred_guard_is_asked_again_for_a_writer_that_came_to_the_topic_since(many: bool) -> None:
    """Else nobody would ever reach it: the spool knows nothing of it."""
    guard, there, new = RecordingWriter("guard"), RecordingWriter("there"), RecordingWriter("new")
    deferred = WriteResult(Outcome.DEFERRED)
    delivery, settled = Delivery([guard, there, new]), {"guard": deferred, "there": deferred}
    wanted, deadline = topic("guard", "there", "new", guard="guard"), asyncio.get_running_loop().time() + 5
    if many:
        (results,) = await delivery.deliver_many([make_event()], wanted, deadline, [settled])
    else:
        results = await delivery.deliver(make_event(), wanted, deadline, settled)
    assert {name: result.outcome for name, result in results.items()} == {
        "guard": Outcome.DELIVERED,
        "there": Outcome.DEFERRED,
        "new": Outcome.DELIVERED,
    }
    before = topic("guard", "there", guard="guard")
    results = await delivery.deliver(make_event(), before, deadline, settled)
    assert (results, len(guard.events), there.events) == (settled, 1, [])


async def test_every_writers_objection_is_heard_before_anything_is_written() -> None:
    a = RecordingWriter("a", refusal=Unacceptable("no NUL", pointer="/x"))
    b = RecordingWriter("b")
    assert Delivery([a, b]).refusals(make_event(), topic("a", "b")) == {"a": Unacceptable("no NUL", pointer="/x")}


ACKNOWLEDGED = {Outcome.DELIVERED, Outcome.DUPLICATE}
SAFE = ACKNOWLEDGED | {Outcome.DEFERRED}


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.booleans()), min_size=1, max_size=5))
def test_202_is_said_only_of_what_every_required_writer_has_taken(writers: list[tuple[Outcome, bool]]) -> None:
    names = [f"w{number}" for number in range(len(writers))]
    uses = {name: WriterUse(required=required) for name, (_, required) in zip(names, writers, strict=True)}
    results = {name: WriteResult(outcome) for name, (outcome, _) in zip(names, writers, strict=True)}
    status, problems = verdict(Topic(name="x", schema=ANYTHING, uses=uses), results)
    required = [outcome for outcome, needed in writers if needed]
    assert (status == 202) == all(outcome in SAFE for outcome in required)
    assert (status == 409) == (Outcome.CONFLICT in required)
    assert (status == 400) == (Outcome.REFUSED in required and Outcome.CONFLICT not in required)
    assert len(problems) == sum(outcome not in SAFE for outcome in required)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED])
def test_a_problem_names_its_writer_and_what_became_of_the_event(outcome: Outcome) -> None:
    results = {"a": WriteResult(outcome, reason="why"), "b": WriteResult(Outcome.DELIVERED)}
    status, problems = verdict(topic("a", "b"), results)
    assert status == 500
    assert [(each.type, each.message) for each in problems] == [("a", f"a: {outcome.value}: why")]


def test_a_conflict_has_a_type_of_its_own() -> None:
    _, problems = verdict(topic("a"), {"a": WriteResult(Outcome.CONFLICT)})
    assert [each.type for each in problems] == ["conflict"]


async def test_what_is_settled_is_nobodys_work_any_more() -> None:
    guard, other = RecordingWriter("guard"), RecordingWriter("other")
    delivery, to = Delivery([guard, other]), topic("other", "guard", guard="guard")
    deadline = asyncio.get_running_loop().time() + 5.0
    deferred = WriteResult(Outcome.DEFERRED)
    done = {"guard": deferred, "other": deferred}
    assert await delivery.deliver(make_event(), to, deadline, done) == done
    assert not guard.groups + other.groups
    acknowledged = {"guard": WriteResult(Outcome.DUPLICATE)}
    assert (await delivery.deliver(make_event(), to, deadline, acknowledged))["other"].outcome is Outcome.DELIVERED
    assert (len(guard.groups), len(other.groups)) == (0, 1)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.FAILED, 500), (Outcome.UNKNOWN, 500), (Outcome.REFUSED, 400), (Outcome.CONFLICT, 409)],
)
@pytest.mark.parametrize("required", [True, False])
async def test_of_what_a_guard_stops_only_the_guard_is_blamed(outcome: Outcome, status: int, *, required: bool) -> None:
    """An optional one too: a required writer was never asked, so it cannot be 202."""
    others = RecordingWriter("a"), RecordingWriter("b")
    uses = {"a": WriterUse(), "b": WriterUse(), "guard": WriterUse(required=required)}
    to = Topic(name="x", schema=ANYTHING, uses=uses, guard="guard")
    delivery = Delivery([*others, FailingWriter("guard", outcome=outcome)])
    results = await delivery.deliver(make_event(), to, asyncio.get_running_loop().time() + 5, {})
    said, problems = verdict(to, results)
    assert (said, [each.type for each in problems]) == (status, ["conflict" if status == 409 else "guard"])


async def test_a_guard_that_stops_optional_writers_only_is_accepted() -> None:
    to = topic(optional=("a", "guard"), guard="guard")
    delivery = Delivery([RecordingWriter("a"), FailingWriter("guard")])
    results = await delivery.deliver(make_event(), to, asyncio.get_running_loop().time() + 5, {})
    assert verdict(to, results) == (202, [])
