"""A receipt of one host is good at every other, and after a restart of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from eventgate.app import open_gate
from tests.deployment import Deployment, deployment
from tests.parity.case import Case, Fields
from tests.parity.hosts import LAMBDA_SHAPES, Answer, AsgiHost, Host, LambdaHost, ServerHost
from tests.server_process import ServerProcess

NAMES = ("ASGI", "server", *LAMBDA_SHAPES)
BODY = b'{"n": 1}'


class Site:
    """Gates with two SQLite files; the second one's folder comes and goes."""

    def __init__(self, deployed: Deployment) -> None:
        self.deployed = deployed
        self.shelf = deployed.conf / "shelf"
        deployed.config["writers"] = {
            "main": {"type": "sqlite", "path": "main.db"},
            "second": {"type": "sqlite", "path": "shelf/second.db"},
        }
        deployed.config["receipts"] = {"active": "1", "keys": {"1": "file:receipts.key"}}
        (deployed.conf / "receipts.key").write_text("k" * 32)
        deployed.write()
        self.token = deployed.bearer().encode()
        self.hosts: dict[str, Host] = {}

    def post(self, host: str, receipt: str | None = None, body: bytes = BODY) -> Answer:
        """The answer of a host."""
        fields: Fields = (("Authorization", self.token),)
        if receipt is not None:
            fields += (("EventGate-Receipt", receipt.encode()),)
        return self.hosts[host](Case("", "POST", "/topics/free", 0, fields, body), fields)

    @contextmanager
    def without_shelf(self) -> Iterator[None]:
        """While the second writer's folder is missing."""
        away = self.shelf.with_name("away")
        self.shelf.rename(away)
        try:
            yield
        finally:
            away.rename(self.shelf)

    def half_done(self, host: str) -> str:
        """A receipt of an answer that the second writer made a 500."""
        with self.without_shelf():
            answer = self.post(host)
        assert (answer.status, outcomes(answer)) == (500, {"main": "delivered", "second": "failed"})
        return str(json.loads(answer.body)["receipt"])


@contextmanager
def asgi(conf: Path) -> Iterator[AsgiHost]:
    """The ASGI application on a gate of its own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opening = open_gate(str(conf), background=False, default_sqlite=False)
        yield AsgiHost(runner, runner.run(stack.enter_async_context(opening)))
        runner.run(stack.aclose())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        found = Site(stack.enter_context(deployment(tmp_path_factory.mktemp("conf"))))
        found.shelf.mkdir()
        conf = found.deployed.conf
        environment = Environment({"CONF_DIR": str(conf)})
        stack.callback(environment.close)
        server = stack.enter_context(ServerProcess(conf))
        found.hosts = {
            "ASGI": stack.enter_context(asgi(conf)),
            "server": ServerHost("127.0.0.1", server.port),
            **{shape: LambdaHost(environment, shape) for shape in LAMBDA_SHAPES},
        }
        yield found


def outcomes(answer: Answer) -> dict[str, str]:
    writers: dict[str, Any] = json.loads(answer.body)["writers"]
    return {name: result["outcome"] for name, result in writers.items()}


@pytest.mark.parametrize("first", NAMES)
def test_a_retry_at_any_host_reaches_only_what_is_missing(site: Site, first: str) -> None:
    """A SQLite writer that were asked again would say `duplicate`."""
    for second in NAMES:
        answer = site.post(second, site.half_done(first))
        assert (answer.status, outcomes(answer)) == (202, {"main": "delivered", "second": "delivered"})
        assert "receipt_status" not in json.loads(answer.body)


@pytest.mark.parametrize("host", NAMES)
def test_every_host_refuses_and_ignores_alike(site: Site, host: str) -> None:
    receipt = site.half_done("ASGI")
    for offered, body, status in ((receipt, b'{"n": 2}', 422), (f"{receipt}, {receipt}", BODY, 202), ("x", BODY, 202)):
        answer, expected = site.post(host, offered, body), site.post("ASGI", offered, body)
        assert (answer.status, expected.status) == (status, status)
        assert json.loads(answer.body).keys() == json.loads(expected.body).keys()
        assert json.loads(answer.body).get("receipt_status") == (None if status == 422 else "ignored")


def test_a_receipt_outlives_its_gate(site: Site) -> None:
    """And an upgrade that changes the active key, as long as the former one is listed."""
    with asgi(site.deployed.conf) as site.hosts["former"]:
        receipt = site.half_done("former")
    config = site.deployed.config
    config["receipts"] = {"active": "2", "keys": {"1": "file:receipts.key", "2": "file:next.key"}}
    (site.deployed.conf / "next.key").write_text("n" * 32)
    site.deployed.write()
    with asgi(site.deployed.conf) as site.hosts["new"]:
        answer = site.post("new", receipt)
        assert (answer.status, outcomes(answer)) == (202, {"main": "delivered", "second": "delivered"})
        receipt = site.half_done("new")
    config["receipts"] = {"active": "1", "keys": {"1": "file:receipts.key"}}
    site.deployed.write()
    assert json.loads(site.post("ASGI", receipt).body)["receipt_status"] == "ignored"


def test_a_sqlite_file_that_moved_makes_a_receipt_count_for_nothing(site: Site) -> None:
    """The event is then in the new file as well: a duplicate, and no loss."""
    receipt = site.half_done("ASGI")
    site.deployed.config["writers"]["main"]["path"] = "other.db"
    site.deployed.write()
    with asgi(site.deployed.conf) as site.hosts["moved"]:
        answer = site.post("moved", receipt)
    assert (answer.status, outcomes(answer)) == (202, {"main": "delivered", "second": "delivered"})
    assert json.loads(answer.body)["receipt_status"] == "ignored"
    site.deployed.config["writers"]["main"]["path"] = "main.db"
    site.deployed.write()
