"""Health is asked for, not guessed."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core import health
from eventgate.core.health import Dependency, Health
from eventgate.errors import SinkUnavailable


async def well() -> None:
    """A dependency that is up."""


async def ill() -> None:
    raise SinkUnavailable("refused the connection")


async def defective() -> None:
    raise ValueError("secret")


def no_warnings() -> list[str]:
    return []


async def test_all_well_is_ok() -> None:
    report = await Health([Dependency("kafka", well)], no_warnings).report()
    assert (report.status, report.dependencies, report.failures) == ("ok", {"kafka": "ok"}, None)


async def test_a_required_dependency_that_is_down_degrades_with_its_reason() -> None:
    report = await Health([Dependency("kafka", ill), Dependency("keys", well)], no_warnings).report()
    assert (report.status, report.failures) == ("degraded", {"kafka": "refused the connection"})
    assert report.dependencies == {"kafka": "refused the connection", "keys": "ok"}


async def test_an_optional_dependency_that_is_down_is_a_warning() -> None:
    report = await Health([Dependency("kafka", ill, required=lambda: False)], lambda: ["topic x is broken"]).report()
    assert (report.status, report.failures) == ("ok", None)
    assert report.warnings == ["topic x is broken", "kafka: refused the connection"]


async def test_a_defect_of_a_probe_is_not_described() -> None:
    report = await Health([Dependency("kafka", defective)], no_warnings).report()
    assert report.failures is not None
    assert "secret" not in report.failures["kafka"]


async def test_a_dependency_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 0.02)
    never = asyncio.Event()

    async def hang() -> None:
        await never.wait()

    report = await Health([Dependency("kafka", hang), Dependency("keys", well)], no_warnings).report()
    assert report.failures == {"kafka": "no answer within 0.02 s"}


async def test_a_caller_in_a_hurry_is_told_what_is_known() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    report = await Health([Dependency("kafka", hang)], no_warnings).report(asyncio.get_running_loop().time())
    assert report.failures == {"kafka": "not asked yet"}


async def test_questions_are_shared_and_their_answers_kept_for_seconds() -> None:
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)

    checked = Health([Dependency("kafka", count)], no_warnings)
    await asyncio.gather(*(checked.report() for _ in range(20)))
    await checked.report()
    assert asked == 1
