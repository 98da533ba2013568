"""The package under AWS's own runtime client: every service's invocations, cold and warm, on both Python versions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.aws_lambda.conftest import NewFunction
from tests.aws_lambda.events import REQUEST_ID, SHAPES, body_of, http_api, rest_api
from tests.aws_lambda.function import Function, InvocationFailed
from tests.aws_lambda.packages import Built
from tests.aws_lambda.runtime_api import MAX_PAYLOAD
from tests.deployment import Deployment

RUN = {"event_id": "e-1", "tenant_id": "t1", "count": 1}


@pytest.fixture
def function(package: Built, new_function: NewFunction) -> Function:
    return new_function(package)


def post(deployed: Deployment, topic: str = "free", body: object = None, shape: str = "rest_api", **more: str) -> Any:
    headers = {"Authorization": deployed.bearer(), "Content-Type": "application/json", **more}
    return SHAPES[shape]("POST", f"/topics/{topic}", headers, json.dumps({} if body is None else body))


def test_every_service_gets_its_answer_cold_and_warm(function: Function, deployed: Deployment) -> None:
    """The first invocation starts an environment; all others find it warm."""
    for shape in SHAPES:
        answer = function.invoke(post(deployed, shape=shape))
        assert answer["statusCode"] == 202
        assert body_of(answer)["writers"] == {"discard": {"outcome": "delivered"}}
        assert body_of(function.invoke(SHAPES[shape]("GET", "/topics", {}))) == ["free", "runs", "straße"]
    assert function.starts == 1


def test_a_browser_gets_its_page_and_what_belongs_to_it(function: Function) -> None:
    """The package holds the styles and scripts."""
    page = function.invoke(SHAPES["rest_api"]("GET", "/topics/runs", {"Accept": "text/html"}))
    assert (page["statusCode"], page["isBase64Encoded"]) == (200, False)
    for name in re.findall(r'"\.\./(assets/[^"]+)"', page["body"]):
        assert function.invoke(SHAPES["rest_api"]("GET", f"/{name}", {}))["statusCode"] == 200


@pytest.mark.parametrize(
    "handler",
    [
        "event_gate_lambda.lambda_handler",
        "src.event_gate_lambda.lambda_handler",
        "src/event_gate_lambda.lambda_handler",
        "eventgate.adapters.aws_lambda.handler",
    ],
)
def test_every_handler_name_is_found(new_function: NewFunction, deployed: Deployment, handler: str) -> None:
    function = new_function(handler=handler)
    assert function.invoke(post(deployed))["statusCode"] == 202


def test_the_gateways_request_id_stands_in_the_answer_and_the_log(function: Function) -> None:
    answer = function.invoke(http_api("GET", "/topics/none", {}))
    assert answer["statusCode"] == 404
    assert answer["headers"]["X-Correlation-ID"] == REQUEST_ID
    assert any(REQUEST_ID in json.dumps(line) for line in function.logged)


def test_a_package_holds_its_own_configuration(tmp_path: Path, package: Built, deployed: Deployment) -> None:
    """`conf/` in the working folder is where the gate looks unless it is told."""
    (package.code.root / "conf").symlink_to(deployed.conf)
    try:
        with Function(package.code, tmp_path) as function:
            assert function.invoke(post(deployed))["statusCode"] == 202
    finally:
        (package.code.root / "conf").unlink()


def test_a_large_event_within_lambdas_limit_is_taken(new_function: NewFunction, deployed: Deployment) -> None:
    deployed.config["limits"] = {"max_body_bytes": 5 * 1024 * 1024}
    deployed.write()
    answer = new_function().invoke(post(deployed, body={"text": "x" * 4 * 1024 * 1024}))
    assert answer["statusCode"] == 202


def test_an_event_beyond_the_gates_limit_is_413(new_function: NewFunction, deployed: Deployment) -> None:
    assert new_function().invoke(post(deployed, body={"text": "x" * 70_000}))["statusCode"] == 413


def test_the_answer_to_a_batch_of_which_everything_is_wrong_is_within_lambdas_limit(
    new_function: NewFunction, deployed: Deployment
) -> None:
    """Each of 1,000 items lacks a hundred members of long names, which would be over 20 MB."""
    deployed.topic("free", {"type": "object", "required": [f"{'x' * 100}{n}" for n in range(100)]})
    batch = post(deployed, **{"Content-Type": "application/x-ndjson"}) | {"body": "{}\n" * 1000}
    answer = new_function().invoke(batch)
    assert answer["statusCode"] == 400
    assert len(body_of(answer)["results"]) == 1000


def test_lambda_itself_refuses_more_than_six_mebibytes(new_function: NewFunction, deployed: Deployment) -> None:
    """The stub does as Lambda does; the environment is none the worse for it."""
    function = new_function()
    with pytest.raises(InvocationFailed, match="smaller than"):
        function.begin(b" " * (MAX_PAYLOAD + 1), 30)
    assert function.invoke(post(deployed))["statusCode"] == 202


def test_what_is_no_request_is_a_404_and_no_crash(new_function: NewFunction) -> None:
    function = new_function()
    scheduled = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
    events: list[Any] = [scheduled, {}, [], None, "x"]
    for event in events:
        assert function.invoke(event)["statusCode"] == 404
    assert function.starts == 1


def test_the_log_is_lines_of_json_without_tracebacks(new_function: NewFunction, deployed: Deployment) -> None:
    function = new_function()
    function.invoke(post(deployed))
    function.invoke(rest_api("POST", "/topics/free", {"Authorization": "Bearer x"}, "{}"))
    assert "Traceback" not in function.log
    assert [line for line in function.log.splitlines() if not line.startswith("{")] == []
