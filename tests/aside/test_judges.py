"""Large events against slow schemas are judged by a process beside the gate, and say what they would have said."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from eventgate.aside import process
from eventgate.aside.child import serve
from eventgate.aside.judges import Judges
from eventgate.aside.messages import Question, framed, read_verdict
from eventgate.errors import InvalidEvent, Overloaded
from tests.core.schema.schema_support import compiled

PATIENCE = 60.0
SCHEMA = {"items": {"$ref": "_types.json#/$defs/small"}, "maxItems": 3}
FILES: dict[str, Any] = {"_types.json": {"$defs": {"small": {"type": "integer", "maximum": 9}}}}
WRONG = [1, "x", 10, 11]
SLOW = {"items": {"anyOf": [{"const": each} for each in range(500)]}}
FOR_MINUTES = b"[" + b",".join([b"499"] * 250_000) + b"]"


@pytest.fixture
async def judges() -> AsyncIterator[Judges]:
    made = Judges(processes=1, waiting=3)
    yield made
    await made.close()


def soon() -> float:
    return asyncio.get_running_loop().time() + PATIENCE


async def test_the_verdict_is_the_one_that_the_gate_itself_would_have_found(judges: Judges) -> None:
    """Of a schema in several files, with all problems; one process judges by several schemas."""
    schema = compiled(SCHEMA, files=FILES)
    body = json.dumps(WRONG).encode()
    with pytest.raises(InvalidEvent) as here:
        schema.check(WRONG, len(body))
    with pytest.raises(InvalidEvent) as aside:
        await judges.check(schema, body, soon())
    assert aside.value.problems == here.value.problems
    assert aside.value.truncated == here.value.truncated
    await judges.check(schema, b"[1, 2]", soon())
    await judges.check(compiled({"format": "date"}, assert_formats=False), b'"no"', soon())
    with pytest.raises(InvalidEvent):
        await judges.check(compiled({"format": "date"}), b'"no"', soon())


async def test_what_is_not_judged_in_time_is_503_and_leaves_room_for_the_next(judges: Judges) -> None:
    with pytest.raises(Overloaded):
        await judges.check(compiled(SLOW), FOR_MINUTES, asyncio.get_running_loop().time() + 0.5)
    await judges.check(compiled(SCHEMA, files=FILES), b"[1]", soon())


async def test_a_process_whose_gate_is_gone_ends_when_its_time_is_up() -> None:
    """A gate that was killed cannot end it, and while it judges it does not notice."""
    orphan = await process.start_process()
    with pytest.raises(EOFError):
        await orphan.verdict(Question(compiled(SLOW).source, FOR_MINUTES, 1))
    await orphan.end()


async def test_more_than_may_wait_are_503_at_once(judges: Judges) -> None:
    schema = compiled({"type": "array"})
    fates = await asyncio.gather(*(judges.check(schema, b"[]", soon()) for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in fates] == [type(None)] * 3 + [Overloaded] * 2


async def test_a_process_that_died_is_replaced(judges: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[process.JudgingProcess] = []

    async def start() -> process.JudgingProcess:
        started.append(await process.start_process())
        return started[-1]

    monkeypatch.setattr("eventgate.aside.judges.start_process", start)
    schema = compiled({"type": "array"})
    await judges.check(schema, b"[]", soon())
    await started[0].end()
    await judges.check(schema, b"[]", soon())
    await judges.check(schema, b"[]", soon())
    assert len(started) == 2


async def test_where_no_process_can_be_started_the_event_is_503(
    judges: Judges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(Overloaded):
        await judges.check(compiled({"type": "array"}), b"[]", soon())


async def test_a_process_that_ends_on_every_event_is_a_defect(judges: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventgate.aside.process._PROGRAM", "pass  # {path}")
    with pytest.raises(RuntimeError):
        await judges.check(compiled({"type": "array"}), b"[]", soon())


async def test_a_process_that_is_busy_when_its_gate_closes_ends_with_its_event() -> None:
    judges = Judges()
    schema = compiled({"type": "array"})
    checking = asyncio.ensure_future(judges.check(schema, b"[]", soon()))
    await asyncio.sleep(0)
    await judges.close()
    await checking
    assert judges.idle == 0


def test_a_process_answers_until_nobody_asks_any_more() -> None:
    """It has an alarm for each question, and none between them."""
    questions = [Question(compiled({"maxItems": most}).source, b"[1, 2]", 9) for most in range(70)]
    answers = io.BytesIO()
    alarms: list[int] = []
    serve(io.BytesIO(b"".join(map(framed, questions))), answers, alarms.append)
    assert alarms == [9, 0] * 70
    answers.seek(0)
    verdicts = []
    while length := int.from_bytes(answers.read(4), "big"):
        verdicts.append(read_verdict(answers.read(length)))
    assert [bool(each.problems) for each in verdicts] == [True] * 2 + [False] * 68
