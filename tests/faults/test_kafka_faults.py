"""Kafka fails; PostgreSQL, EventBridge and the truth do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.rig import SLACK_SECONDS, TIMEOUT_SECONDS, during, opened
from tests.faults.sinks import Sinks
from tests.services.proxy import Direction, TcpProxy

ProxyTo = Callable[[str, int], TcpProxy]


async def test_a_broker_that_is_down_at_the_start(tmp_path: Path, sinks: Sinks) -> None:
    """The gate opens all the same; nothing is there of what failed meanwhile."""
    await asyncio.to_thread(sinks.kafka.stop)
    async with opened(tmp_path, sinks) as rig:
        answers = [await rig.post() for _ in range(2)]
        await asyncio.to_thread(sinks.kafka.start)
        await rig.delivers()
        await rig.is_true()
    for answer in answers:
        assert (answer.status, answer.blamed) == (500, ["kafka"])
        assert answer.outcomes == {"kafka": "failed", "postgres": "delivered", "eventbridge": "delivered"}
        assert answer.seconds < TIMEOUT_SECONDS + SLACK_SECONDS


async def test_a_broker_that_is_killed(tmp_path: Path, sinks: Sinks) -> None:
    async with opened(tmp_path, sinks) as rig:
        await rig.suffers(during(sinks.kafka.kill, sinks.kafka.start), "kafka", ["failed", "unknown"])


async def test_a_broker_that_is_paused(tmp_path: Path, sinks: Sinks) -> None:
    """What it was sent it may write when it goes on."""
    async with opened(tmp_path, sinks) as rig:
        await rig.suffers(during(sinks.kafka.pause, sinks.kafka.resume), "kafka", ["failed", "unknown"])


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_wire_that_is_cut_in_one_direction(
    tmp_path: Path, sinks: Sinks, proxy_to: ProxyTo, direction: Direction
) -> None:
    proxy = proxy_to(*sinks.kafka.address)
    sinks.writers["kafka"]["bootstrap_servers"] = sinks.kafka.through(proxy)
    async with opened(tmp_path, sinks) as rig:
        cut = during(lambda: proxy.drop(direction), proxy.restore)
        await rig.suffers(cut, "kafka", ["failed", "unknown"])


async def test_a_topic_that_is_missing(tmp_path: Path, bare_sinks: Sinks) -> None:
    """It is named as the reason; once it is made, events go to it."""
    async with opened(tmp_path, bare_sinks, seconds=5) as rig:
        answers = [await rig.post() for _ in range(2)]
        bare_sinks.kafka.create_topic(bare_sinks.topic)
        await rig.delivers()
        await rig.is_true()
    for answer in answers:
        assert (answer.status, answer.blamed) == (500, ["kafka"])
        assert (answer.outcomes["kafka"], answer.outcomes["postgres"]) == ("failed", "delivered")
        assert "Kafka has no such topic" in answer.reasons["kafka"]


async def test_a_message_that_is_too_large_for_the_topic(tmp_path: Path, bare_sinks: Sinks) -> None:
    """It is refused for good; its neighbours are not."""
    bare_sinks.kafka.create_topic(bare_sinks.topic, max_message_bytes=2000)
    async with opened(tmp_path, bare_sinks) as rig:
        large, *small = await asyncio.gather(rig.post(text="x" * 5000), *(rig.post() for _ in range(5)))
        await rig.is_true()
    assert (large.status, large.blamed, large.outcomes["kafka"]) == (400, ["kafka"], "refused")
    assert [answer.status for answer in small] == [202] * 5
