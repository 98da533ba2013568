"""What the Lambda handler leaves for those who watch it: log lines, and metrics if they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from tests.adapters.test_aws_lambda import get, post
from tests.deployment import OPEN_SCHEMA, Deployment, deployment

PLANTED = "planted-7f3a"


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as site:
        (site.conf / "topics" / "broken.json").unlink()  # it would be an error in the log before any request
        yield site


@contextmanager
def environment(deployed: Deployment, **environ: str) -> Iterator[Environment]:
    made = Environment({"CONF_DIR": str(deployed.conf), **environ})
    try:
        yield made
    finally:
        made.close()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def requests(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("logger") == "eventgate.request"]


def test_the_first_request_is_marked_as_a_cold_start(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    with environment(deployed) as made:
        for _ in range(2):
            made.answer(post(deployed), None)
    assert [line.get("cold_start") for line in requests(lines(capsys))] == [True, None]


def test_metrics_are_lines_after_each_request(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    with environment(deployed, EVENTGATE_EMF_NAMESPACE="Gate") as made:
        made.answer(post(deployed), None)
        made.answer(post(deployed, "runs", json.dumps({PLANTED: PLANTED})), None)
        made.answer(get(f"/{PLANTED}"), None)
    found = [line for line in lines(capsys) if "_aws" in line]
    assert [line["status"] for line in found] == ["202", "400", "404"]
    assert [line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in found] == ["Gate"] * 3
    assert found[0]["key_age_seconds"] >= 0
    text = json.dumps(found)
    assert not [secret for secret in (PLANTED, "alice", deployed.bearer()[7:40]) if secret in text]


def test_what_lies_in_the_spool_is_told_now_and_then(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    """It has to be asked, while an answer waits: once a minute is enough."""
    deployed.config["writers"] = {"far": {"type": "sqlite", "path": "absent/events.db"}}
    deployed.config["spool"] = {"store": "sqlite:spool.db"}
    deployed.config["topics"] = {"free": {"schema": OPEN_SCHEMA, "spool": True}}
    deployed.access = {"free": ["alice"]}
    deployed.write()
    with environment(deployed, EVENTGATE_EMF_NAMESPACE="Gate") as made:
        assert [made.answer(post(deployed), None)["statusCode"] for _ in range(2)] == [202] * 2
    found = [line for line in lines(capsys) if "_aws" in line and "events_in_flight" in line]
    assert [(line.get("spool_events"), line.get("dead_letters")) for line in found] == [(1, 0), (None, None)]
    assert found[0]["spool_oldest_age_seconds"] >= 0


def test_without_the_variable_there_are_no_metrics(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    with environment(deployed) as made:
        made.answer(post(deployed), None)
    assert [line for line in lines(capsys) if "_aws" in line] == []


def test_a_bad_namespace_costs_the_metrics_and_not_the_gate(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(deployed, EVENTGATE_EMF_NAMESPACE="AWS/Mine") as made:
        assert made.answer(post(deployed), None)["statusCode"] == 202
    assert [line for line in lines(capsys) if "_aws" in line] == []


def test_a_broken_configuration_refuses_with_a_line_and_a_count(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    (deployed.conf / "config.json").write_text("{")
    with environment(deployed, EVENTGATE_EMF_NAMESPACE="Gate") as made:
        assert made.answer(post(deployed), None)["statusCode"] == 503
    found = lines(capsys)
    (line,) = requests(found)
    assert (line["level"], line["errors"][0]["type"]) == ("WARNING", "configuration")
    (metrics,) = [line for line in found if "_aws" in line]
    assert (metrics["status"], metrics["type"]) == ("503", "configuration")


@pytest.mark.parametrize("level", ["TRACE", "INFO"])
def test_payloads_are_logged_at_trace_only(
    deployed: Deployment, capsys: pytest.CaptureFixture[str], level: str
) -> None:
    body = json.dumps({"note": PLANTED, "password": "hunter2"})
    with environment(deployed, LOG_LEVEL=level, TRACE_MAX_BYTES="60") as made:
        assert made.answer(post(deployed, body=body), None)["statusCode"] == 202
    text = capsys.readouterr().out
    assert (PLANTED in text) == (level == "TRACE")
    assert "hunter2" not in text
    assert deployed.bearer()[7:40] not in text


def test_a_failed_request_is_exactly_one_error(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.config["writers"] = {"far": {"type": "sqlite", "path": "absent/events.db"}}
    deployed.write()
    with environment(deployed) as made:
        assert made.answer(post(deployed), None)["statusCode"] == 500
    (error,) = [line for line in lines(capsys) if line["level"] == "ERROR"]
    assert error["writers"] == {"far": "failed"}
    assert error["errors"][0]["type"] == "far"


def test_a_defect_is_exactly_one_error_with_its_place(
    deployed: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError(PLANTED)

    monkeypatch.setattr("eventgate.app.Gate.refresh_if_due", fail)
    with environment(deployed) as made:
        assert made.answer(post(deployed), None)["statusCode"] == 500
    text = capsys.readouterr().out
    (error,) = [line for line in map(json.loads, text.splitlines()) if line["level"] == "ERROR"]
    assert error["traceback"][-1] == "ValueError"
    assert PLANTED not in text
