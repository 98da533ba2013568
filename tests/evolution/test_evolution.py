"""Topics, rules and keys change under constant posts, on disk and in S3, on a server and in a warm Lambda.

No request fails, what is new is in force soon after, and what is spoilt leaves what was good.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters.aws_lambda import Environment
from eventgate.app import open_gate
from eventgate.core.model import Request
from tests.config.buckets import BUCKET, Bucket, bucket_in
from tests.config.directories import write
from tests.evolution.evolving import ACCESS, FIRST, LOOSE, SECOND, STRICT, Ask, Evolving, Sources, begin, keys
from tests.services.aws import Aws

INCOMPLETE = {"id": 1}
Host = Callable[[str], AbstractAsyncContextManager[Ask]]
"""Opens a gate for a configuration, and asks it."""
HALF_A_SCHEMA = b'{"type": "object", "requi'


class Folder:
    """A configuration on disk."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._path = path

    def put(self, name: str, content: object) -> None:
        write(self._path / name, content)

    def remove(self, name: str) -> None:
        (self._path / name).unlink()


class InBucket:
    """A configuration in S3."""

    def __init__(self, bucket: Bucket) -> None:
        self.address = f"s3://{BUCKET}/gate/"
        self._bucket = bucket

    def put(self, name: str, content: object) -> None:
        self._bucket.write(f"gate/{name}", content)

    def remove(self, name: str) -> None:
        self._bucket.remove(f"gate/{name}")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept for seconds so that nobody is asked too often is not kept."""
    monkeypatch.setattr("eventgate.core.health.KEEP_SECONDS", 0)
    monkeypatch.setattr("eventgate.core.auth.keyring.COOL_DOWN_SECONDS", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    begin(made)
    return made


@pytest.fixture
def in_bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> InBucket:
    made = InBucket(bucket_in(aws, monkeypatch))
    begin(made)
    return made


@asynccontextmanager
async def on_a_server(conf: str) -> AsyncIterator[Ask]:
    """Refreshed by its timer."""
    async with open_gate(conf, background=True, default_sqlite=False, env={}) as gate:

        async def ask(method: str, path: str, body: bytes, token: str) -> tuple[int, Any]:
            async def read(_: int) -> bytes:
                return body

            fields = [(b"authorization", b"Bearer " + token.encode())] if token else []
            answer = await gate.handle(Request(method, path, fields, read))
            return answer.status, json.loads(answer.body)

        yield ask


@asynccontextmanager
async def in_a_lambda(conf: str) -> AsyncIterator[Ask]:
    """Refreshed before requests; its environment has a loop of its own, and answers one invocation at a time."""
    environment = Environment({"CONF_DIR": conf})

    async def ask(method: str, path: str, body: bytes, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        invocation = {"path": path, "httpMethod": method, "headers": headers, "body": body.decode()}
        answer: Any = await asyncio.to_thread(environment.answer, invocation, None)
        return answer["statusCode"], json.loads(answer["body"])

    try:
        yield ask
    finally:
        await asyncio.to_thread(environment.close)


@pytest.fixture(params=[on_a_server, in_a_lambda])
def host(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_no_request_fails_while_files_change(folder: Folder, host: Host) -> None:
    await evolve(folder, host(folder.address))


async def test_no_request_fails_while_objects_in_s3_change(in_bucket: InBucket, host: Host) -> None:
    await evolve(in_bucket, host(in_bucket.address))


async def evolve(sources: Sources, hosted: AbstractAsyncContextManager[Ask]) -> None:
    """All that may change, and all that may go wrong with it."""
    async with hosted as ask:
        gate = Evolving(sources, ask)
        assert await gate.post(INCOMPLETE) == 202
        async with gate.posting():
            for stage in STAGES:
                before = gate.statuses.total()
                await stage(gate)
                assert gate.statuses.total() > before


async def topics_come_and_change(gate: Evolving) -> None:
    gate.sources.put("access.json", {**ACCESS, "refunds": ["ann"]})
    gate.sources.put("topics/refunds.json", LOOSE)
    await gate.until_status(202, topic="refunds")
    gate.sources.put("topics/orders.json", STRICT)
    await gate.until_status(400, INCOMPLETE)
    assert await gate.post(INCOMPLETE, topic="refunds") == 202
    await gate.until_failing()


async def what_is_spoilt_changes_nothing(gate: Evolving) -> None:
    gate.sources.put("topics/orders.json", HALF_A_SCHEMA)
    await gate.until_warned("orders")
    assert await gate.post(INCOMPLETE) == 400
    gate.sources.put("topics/orders.json", STRICT)
    await gate.until_warned("")
    for content in (b"", b'{"orders": ["bo', b"[]"):
        gate.sources.put("access.json", content)
        await gate.until_failing("access")
        assert await gate.post(INCOMPLETE, sub="bob") == 403
    gate.sources.put("access.json", {"orders": ["ann", "bob"], "refunds": ["ann"]})
    await gate.until_status(202, sub="bob")


async def keys_are_rotated(gate: Evolving) -> None:
    gate.sources.put("keys.json", keys(FIRST, SECOND))
    await gate.until_status(202, issuer=SECOND)
    await gate.change_issuer(SECOND)
    gate.sources.put("keys.json", keys(SECOND))
    await gate.until_status(401, issuer=FIRST)
    for content in (b"", b'{"keys": [', b"<html>", b'{"keys": []}'):
        gate.sources.put("keys.json", content)
        await gate.until_failing("keys")
        assert await gate.post(INCOMPLETE, issuer=FIRST) == 401
    gate.sources.put("keys.json", keys(SECOND))
    await gate.until_failing()


async def a_topic_goes(gate: Evolving) -> None:
    gate.sources.remove("topics/refunds.json")
    gate.sources.put("access.json", ACCESS)
    await gate.until_status(404, topic="refunds")
    await gate.until_status(403, sub="bob")


async def all_topics_go_by_mistake(gate: Evolving) -> None:
    gate.sources.remove("topics/orders.json")
    await gate.until_failing("topics")
    assert await gate.post(INCOMPLETE) == 400
    gate.sources.put("topics/orders.json", LOOSE)
    await gate.until_status(202, INCOMPLETE)
    await gate.until_failing()


STAGES = (
    topics_come_and_change,
    what_is_spoilt_changes_nothing,
    keys_are_rotated,
    a_topic_goes,
    all_topics_go_by_mistake,
)


async def test_gates_that_read_the_same_files_agree(folder: Folder) -> None:
    """Workers of one server, or servers beside each other: each by its own timer."""
    async with on_a_server(folder.address) as one, on_a_server(folder.address) as other:
        gates = [Evolving(folder, one), Evolving(folder, other)]
        folder.put("topics/orders.json", STRICT)
        folder.put("access.json", {"orders": ["ann", "bob"]})
        for gate in gates:
            await gate.until_status(400, INCOMPLETE)
            await gate.until_status(202, sub="bob")
        descriptions = [(await each("GET", "/api", b"", ""))[1] for each in (one, other)]
        assert descriptions[0]["info"]["version"] == descriptions[1]["info"]["version"]
