"""Faults that are nobody's own: a defect in a writer, and everything at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eventgate.writers import registry
from tests.faults.rig import SLACK_SECONDS, TIMEOUT_SECONDS, Answer, Rig, opened
from tests.faults.sinks import Sinks


async def test_a_writer_that_raises_what_nobody_foresaw(
    tmp_path: Path, sinks: Sinks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named, its event is open, the others' outcomes stand, and the log has the traceback."""
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "raising": "tests.faults.raising:SPEC"})
    sinks.writers["raising"] = {}
    async with opened(tmp_path, sinks) as rig:
        answer = await rig.post(text="not for the log of others")
        spared = await rig.post(topic="kafka")
    assert (answer.status, answer.blamed) == (500, ["raising"])
    delivered = dict.fromkeys(("kafka", "postgres", "eventbridge"), "delivered")
    assert answer.outcomes == {**delivered, "raising": "unknown"}
    assert "not for the log" not in str(answer.document)
    assert spared.status == 202
    assert "ZeroDivisionError" in caplog.text


async def test_health_tells_of_an_outage_within_its_period_and_of_its_end(
    tmp_path: Path, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is kept for so long, and asking anew is bounded; nobody has to post anything for it."""
    monkeypatch.setattr("eventgate.core.health.KEEP_SECONDS", 1.0)
    async with opened(tmp_path, sinks) as rig:
        await rig.delivers()
        for service, name in ((sinks.postgres, "postgres"), (sinks.kafka, "kafka")):
            await asyncio.to_thread(service.kill)
            assert (await said_within(rig, 503, 20.0))["failures"].keys() == {name}
            await asyncio.to_thread(service.start)
            assert (await said_within(rig, 200, 60.0))["dependencies"][name] == "ok"


async def said_within(rig: Rig, code: int, seconds: float) -> Mapping[str, Any]:
    """What `/health` says once it answers so."""
    async with asyncio.timeout(seconds):
        while (health := await rig.health())["code"] != code:  # noqa: ASYNC110  the services are other processes
            await asyncio.sleep(0.05)
    return health


async def test_a_stream_of_events_through_kills_of_two_sinks(tmp_path: Path, sinks: Sinks) -> None:
    """Whatever was under way: each of hundreds of answers is true."""
    async with opened(tmp_path, sinks) as rig:
        await rig.delivers()
        ending = asyncio.Event()
        streams = [asyncio.ensure_future(stream(rig, ending)) for _ in range(8)]
        for service in (sinks.kafka, sinks.postgres):
            await asyncio.to_thread(service.kill)
            await asyncio.to_thread(service.start)
        await rig.delivers()
        ending.set()
        answers = [answer for answers in await asyncio.gather(*streams) for answer in answers]
        await rig.is_true()
    assert {answer.outcomes["eventbridge"] for answer in answers} == {"delivered"}
    assert {answer.status for answer in answers} == {202, 500}
    assert max(answer.seconds for answer in answers) < TIMEOUT_SECONDS + SLACK_SECONDS


async def stream(rig: Rig, ending: asyncio.Event) -> list[Answer]:
    """Post one event after the other."""
    answers = []
    while not ending.is_set():
        answers.append(await rig.post())
    return answers
