"""One table of requests through every host: the same status, headers and body from each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import jwt
import pytest

from eventgate.adapters.aws_lambda import Environment
from eventgate.app import open_gate
from eventgate.testing import TokenMaker
from tests.deployment import Deployment, deployment
from tests.parity.case import Case, Fields
from tests.parity.cases import cases
from tests.parity.hosts import LAMBDA_SHAPES, Answer, AsgiHost, Host, LambdaHost, ServerHost, carries
from tests.server_process import ServerProcess

CASES = tuple(cases())
OTHERS = ("server", *LAMBDA_SHAPES)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("conf")) as site:
        site.config["cors"] = {"origins": ["https://app.example"]}
        site.write()
        yield site


@pytest.fixture(scope="module")
def tokens(deployed: Deployment) -> dict[bytes, bytes]:
    """Tokens by the names that the table calls them by; made once, so that every host is sent the same bytes."""
    made = {name: deployed.maker.token(name) for name in ("alice", "Alice", "rita", "bob", "root")}
    made["expired"] = deployed.maker.token("alice", ttl=-3600, iat=None)
    made["early"] = deployed.maker.token("alice", nbf=int(time.time()) + 3000)
    made["endless"] = deployed.maker.token("alice", exp=None)
    made["long"] = deployed.maker.token("alice", ttl=30 * 86400)
    made["audience"] = deployed.maker.token("alice", aud="someone")
    made["foreign"] = TokenMaker().token("alice")
    made["unsigned"] = jwt.encode({"sub": "alice", "exp": int(time.time()) + 600}, "", algorithm="none")
    return {b"{%s}" % name.encode(): token.encode() for name, token in made.items()}


@pytest.fixture(scope="module")
def asgi(deployed: Deployment) -> Iterator[AsgiHost]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opening = open_gate(str(deployed.conf), background=False, default_sqlite=False)
        gate = runner.run(stack.enter_async_context(opening))
        yield AsgiHost(runner, gate)
        runner.run(stack.aclose())


@pytest.fixture(scope="module")
def hosts(deployed: Deployment) -> Iterator[dict[str, Host]]:
    environment = Environment({"CONF_DIR": str(deployed.conf), "LOG_LEVEL": "CRITICAL"})
    with ServerProcess(deployed.conf, log_level="CRITICAL") as server:
        lambdas = {shape: LambdaHost(environment, shape) for shape in LAMBDA_SHAPES}
        yield {"server": ServerHost("127.0.0.1", server.port), **lambdas}
    environment.close()


@pytest.fixture(scope="module")
def expected(asgi: AsgiHost, tokens: dict[bytes, bytes]) -> dict[str, Answer]:
    """What the ASGI application answers, in the order of the table."""
    return {case.name: asgi(case, signed(case, tokens)) for case in CASES}


def signed(case: Case, tokens: dict[bytes, bytes]) -> Fields:
    """The case's headers with the tokens in them."""
    fields = []
    for name, value in case.headers:
        for placeholder, token in tokens.items():
            value = value.replace(placeholder, token)
        fields.append((name, value))
    return tuple(fields)


def test_the_table_is_not_small_and_has_no_name_twice() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_asgi_application_answers_as_documented(case: Case, expected: dict[str, Answer]) -> None:
    """Every answer carries a correlation id, and one to HEAD has no body."""
    answer = expected[case.name]
    assert answer.status == case.status, answer.body
    assert answer.headers["x-correlation-id"]
    assert not (case.method == "HEAD" and answer.body)


@pytest.mark.parametrize(
    ("host", "case"),
    [pytest.param(host, case, id=f"{host}: {case.name}") for host in OTHERS for case in CASES if carries(host, case)],
)
def test_every_host_answers_alike(
    host: str, case: Case, hosts: dict[str, Host], expected: dict[str, Answer], tokens: dict[bytes, bytes]
) -> None:
    assert hosts[host](case, signed(case, tokens)) == expected[case.name]
