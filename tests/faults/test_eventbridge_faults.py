"""EventBridge fails; Kafka, PostgreSQL and the truth do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.aws.stub import Answer, Hangup, Silence
from tests.faults.rig import SLACK_SECONDS, TIMEOUT_SECONDS, during, opened
from tests.faults.sinks import ScriptedBus, Sinks
from tests.services.aws import Aws


def stub(sinks: Sinks) -> ScriptedBus:
    assert isinstance(sinks.bus, ScriptedBus)
    return sinks.bus


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        (Answer(status=400, code="AccessDeniedException"), ["failed"]),
        (Answer(status=400, code="ThrottlingException"), ["failed", "unknown"]),  # the last try may be under way
        (Answer(status=500, code="InternalException"), ["unknown"]),
        (Silence(take=True), ["unknown", "failed"]),
        (Silence(take=False), ["unknown", "failed"]),
        (Hangup(take=True), ["unknown"]),
    ],
    ids=["refusing", "throttling", "answering 500", "hanging with the event", "hanging", "hanging up"],
)
async def test_a_bus_that_fails(tmp_path: Path, scripted: Sinks, answer: Answer, outcomes: list[str]) -> None:
    """For as long as it does. `/health` asks it something else, so it may find it well."""
    bus = stub(scripted).stub
    async with opened(tmp_path, scripted) as rig:
        await rig.delivers()
        bus.always = answer
        answers = await asyncio.gather(*(rig.post() for _ in range(5)))
        bus.always = None
        bus.released.set()
        await rig.delivers()
        await rig.is_true()
    for each in answers:
        assert (each.status, each.blamed) == (500, ["eventbridge"])
        assert each.outcomes["eventbridge"] in outcomes
        assert (each.outcomes["kafka"], each.outcomes["postgres"]) == ("delivered", "delivered")
        assert each.seconds < TIMEOUT_SECONDS + SLACK_SECONDS


async def test_a_bus_that_fails_some_entries(tmp_path: Path, scripted: Sinks) -> None:
    """Each event is told its own."""
    async with opened(tmp_path, scripted) as rig:
        await rig.delivers()
        stub(scripted).stub.script.append(Answer("NotAuthorizedForSourceException"))
        hit = await rig.post()
        spared = await rig.post()
        await rig.is_true()
    assert (hit.status, hit.outcomes["eventbridge"]) == (500, "failed")
    assert (spared.status, spared.outcomes["eventbridge"]) == (202, "delivered")


async def test_a_bus_that_is_paused(tmp_path: Path, sinks: Sinks, aws: Aws) -> None:
    """Played by moto: events that it got before it stood still come out at the queue's end."""
    async with opened(tmp_path, sinks) as rig:
        await rig.suffers(during(aws.pause, aws.resume), "eventbridge", ["failed", "unknown"])
