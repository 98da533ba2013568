"""The Lambda handler: its environment, deadlines, and what it says while its configuration is broken."""

from __future__ import annotations

import asyncio
import contextvars
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters import aws_lambda
from eventgate.adapters.aws_lambda import MARGIN_SECONDS, Environment
from tests.deployment import Deployment, deployment
from tests.unmeasured import unmeasured

NOTEBOOK = {"resource": "/topics", "httpMethod": "GET"}


class Remaining:
    """Lambda's context object, of which the gate asks one thing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as site:
        yield site


@pytest.fixture
def environment(deployed: Deployment) -> Iterator[Environment]:
    made = Environment({"CONF_DIR": str(deployed.conf)})
    yield made
    made.close()


def post(deployed: Deployment, topic: str = "free", body: str = "{}", **headers: str) -> dict[str, Any]:
    return {
        "resource": "/topics/{topic_name}",
        "httpMethod": "POST",
        "pathParameters": {"topic_name": topic},
        "headers": {"Authorization": deployed.bearer(), **headers},
        "body": body,
    }


def get(path: str) -> dict[str, Any]:
    return {"path": path, "httpMethod": "GET"}


def test_an_event_is_delivered(environment: Environment, deployed: Deployment) -> None:
    answer = environment.answer(post(deployed), Remaining(30))
    assert answer["statusCode"] == 202
    assert json.loads(str(answer["body"]))["writers"] == {"discard": {"outcome": "delivered"}}


@pytest.mark.parametrize("invocation", [None, [], "x", {"foo": 1}, {"source": "aws.events", "detail": {}}])
def test_what_is_no_request_is_answered_with_a_404(environment: Environment, invocation: object) -> None:
    """A function may be kept warm by a schedule, whose invocations look like no request."""
    answer = environment.answer(invocation, None)
    assert answer["statusCode"] == 404
    assert json.loads(str(answer["body"]))["errors"][0]["type"] == "route"


def test_the_handlers_of_the_packages_are_one(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """`event_gate_lambda.lambda_handler` is the handler; it reads the configuration at `CONF_DIR`."""
    from event_gate_lambda import lambda_handler

    monkeypatch.setenv("CONF_DIR", str(deployed.conf))
    aws_lambda.environment.cache_clear()
    try:
        assert lambda_handler is aws_lambda.handler
        assert json.loads(str(lambda_handler(NOTEBOOK, None)["body"])) == ["free", "runs", "straße"]
    finally:
        aws_lambda.environment().close()
        aws_lambda.environment.cache_clear()


def test_the_gateways_request_id_is_the_correlation_id(environment: Environment) -> None:
    """Unless a header of the request names one."""
    context = {"requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}
    answer = environment.answer({**NOTEBOOK, "requestContext": context}, None)
    assert answer["headers"] == {
        "Content-Type": "application/json",
        "Vary": "Accept",
        "X-Correlation-ID": context["requestId"],
    }
    named = {**NOTEBOOK, "requestContext": context, "headers": {"x-request-id": "mine"}}
    assert dict(environment.answer(named, None))["multiValueHeaders"]["X-Correlation-ID"] == ["mine"]  # type: ignore[index]


def test_broken_base64_is_no_json(environment: Environment, deployed: Deployment) -> None:
    answer = environment.answer({**post(deployed, body="{}"), "isBase64Encoded": True}, None)
    assert answer["statusCode"] == 400
    assert json.loads(str(answer["body"]))["errors"][0]["type"] == "json"


def test_a_run_leaves_nothing_in_the_context_of_the_next(environment: Environment) -> None:
    """Requests of one environment must not see each other's context variables."""
    variable = contextvars.ContextVar("variable", default=0)

    async def work() -> int:
        variable.set(variable.get() + 1)
        return variable.get()

    assert [environment.run(work()) for _ in range(2)] == [1, 1]
    assert variable.get() == 0


async def test_a_notebook_that_runs_a_loop_of_its_own_may_call_it(environment: Environment) -> None:
    assert environment.answer(NOTEBOOK, None)["statusCode"] == 200
    await asyncio.sleep(0)
    assert environment.answer(NOTEBOOK, None)["statusCode"] == 200


def test_threads_take_turns(environment: Environment, deployed: Deployment) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: environment.answer(post(deployed), None), range(40)))
    assert {answer["statusCode"] for answer in answers} == {202}


@pytest.mark.parametrize(("seconds", "expected"), [(30.0, 100 + 30 - MARGIN_SECONDS), (0.1, 100.1 - MARGIN_SECONDS)])
def test_the_deadline_leaves_time_to_answer(seconds: float, expected: float) -> None:
    assert aws_lambda._deadline(Remaining(seconds), 100.0) == pytest.approx(expected)


def test_without_a_context_the_function_sets_no_deadline() -> None:
    assert aws_lambda._deadline(None, 100.0) is None


def test_a_request_with_no_time_left_is_not_said_to_be_accepted(deployed: Deployment) -> None:
    """Its deadline is past before the writer is asked, which then does not begin."""
    deployed.config["writers"] = {"sqlite": {}}
    deployed.write()
    environment = Environment({"CONF_DIR": str(deployed.conf)})
    try:
        answers = [environment.answer(post(deployed), Remaining(seconds)) for seconds in (30, 0.2)]
        assert [answer["statusCode"] for answer in answers] == [202, 500]
    finally:
        environment.close()


def test_new_topics_appear_before_a_request_that_is_due(deployed: Deployment) -> None:
    """There is no timer under Lambda: a request that comes `refresh_seconds` after the last look takes one."""
    deployed.config["refresh_seconds"] = 0.000001
    deployed.write()
    environment = Environment({"CONF_DIR": str(deployed.conf)})
    try:
        assert environment.answer(get("/topics/fresh"), None)["statusCode"] == 404
        deployed.topic("fresh", {"type": "object"})
        assert environment.answer(get("/topics/fresh"), None)["statusCode"] == 200
    finally:
        environment.close()


def test_a_broken_configuration_is_logged_once_and_answered(
    deployed: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All findings, one line of JSON each; everything is 503 `configuration`, but the process is alive."""
    monkeypatch.setattr(aws_lambda, "RETRY_SECONDS", 0.0)
    deployed.config["nonsense"] = 1
    deployed.config["limits"] = {"max_depth": "deep"}
    deployed.write()
    environment = Environment({"CONF_DIR": str(deployed.conf)})
    try:
        for _ in range(3):
            answer = environment.answer(NOTEBOOK | {"headers": {"X-Request-ID": "r-1"}}, None)
            assert answer["statusCode"] == 503
            assert json.loads(str(answer["body"]))["errors"][0]["type"] == "configuration"
            assert dict(answer)["headers"]["X-Correlation-ID"] == "r-1"  # type: ignore[index]
        assert environment.answer(get("/livez"), None)["statusCode"] == 200
        assert environment.answer({**NOTEBOOK, "httpMethod": "HEAD"}, None)["body"] == ""
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        errors = [line["message"] for line in lines if line["level"] == "ERROR"]
        assert len(errors) == len(set(errors))
        assert any("nonsense" in message for message in errors)
        assert any("/limits/max_depth" in message for message in errors)
    finally:
        environment.close()


def test_a_configuration_that_is_mended_heals_a_warm_environment(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again at a later invocation, though not at every one."""
    deployed.config["writers"] = {}
    deployed.write()
    environment = Environment({"CONF_DIR": str(deployed.conf)})
    try:
        assert environment.answer(NOTEBOOK, None)["statusCode"] == 503
        deployed.config["writers"] = {"discard": {}}
        deployed.write()
        assert environment.answer(NOTEBOOK, None)["statusCode"] == 503
        monkeypatch.setattr(environment, "_retry_at", 0.0)
        assert environment.answer(NOTEBOOK, None)["statusCode"] == 200
    finally:
        environment.close()


def test_a_directory_that_is_not_there_is_a_broken_configuration(tmp_path: Path) -> None:
    environment = Environment({"CONF_DIR": str(tmp_path / "absent")})
    try:
        assert environment.answer(NOTEBOOK, None)["statusCode"] == 503
    finally:
        environment.close()


def test_lambda_opens_the_gate_while_it_starts(deployed: Deployment) -> None:
    """And neither a server nor an AWS library comes along."""
    program = (
        "import sys, eventgate.adapters.aws_lambda as a;assert a.environment()._gate is not None;print(*sys.modules)"
    )
    env = {"CONF_DIR": str(deployed.conf), "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "LOG_LEVEL": "CRITICAL"}
    done = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "eventgate" in loaded
    assert not loaded & {"boto3", "botocore", "uvicorn", "uvloop", "httptools", "typer", "rich", "sqlite3"}


@pytest.mark.parametrize("name", ["event_gate_lambda", "src.event_gate_lambda"])
def test_both_handler_names_of_earlier_deployments_are_found(name: str) -> None:
    """The second one where the project's folder is the package's, as in a checkout."""
    program = f"from {name} import lambda_handler; assert lambda_handler.__module__ == 'eventgate.adapters.aws_lambda'"
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True)


def test_the_collector_rests_while_an_environment_starts_and_works_afterwards(tmp_path: Path) -> None:
    """Also where the gate cannot be opened."""
    program = "import gc, eventgate.adapters.aws_lambda; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    env = unmeasured() | {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "CONF_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True True"
