"""A gate that stays open while its configuration changes underneath."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from eventgate.app import Gate, open_gate
from eventgate.core.model import Request, Response
from eventgate.errors import BodyTooLarge, ConfigurationError
from eventgate.testing import TokenMaker
from tests.config.directories import make, write

TOKENS = TokenMaker()


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A directory with the topic `orders` for the subject `ann`, and the keys beside it."""
    write(tmp_path / "keys.json", TOKENS.jwks())
    return make(tmp_path, token_public_keys_url="keys.json", terminate={"subjects": ["ann"]}, refresh_seconds=0.01)


@asynccontextmanager
async def opened(conf: Path, *, background: bool = False, **options: Any) -> AsyncIterator[Gate]:
    async with open_gate(str(conf), background=background, default_sqlite=True, env={}, **options) as gate:
        yield gate


async def ask(gate: Gate, method: str, path: str, body: bytes = b"") -> Response:
    async def read(limit: int) -> bytes:
        if len(body) > limit:
            raise BodyTooLarge(limit)
        return body

    fields = [(b"authorization", b"Bearer " + TOKENS.token("ann").encode())]
    return await gate.handle(Request(method, path, fields, read))


async def topics(gate: Gate) -> list[str]:
    return list(json.loads((await ask(gate, "GET", "/topics")).body))


async def test_an_event_is_taken_and_the_gate_is_well(conf: Path) -> None:
    async with opened(conf) as gate:
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202
        assert (await ask(gate, "GET", "/readyz")).status == 200
        health = json.loads((await ask(gate, "GET", "/health")).body)
    assert health["status"] == "ok"
    assert set(health["dependencies"]) == {"discard", "configuration", "keys", "access", "topics"}
    assert set(health["dependencies"].values()) == {"ok"}


async def test_without_any_writer_a_server_keeps_events_in_sqlite(conf: Path) -> None:
    make(conf, token_public_keys_url="keys.json", writers={})
    async with opened(conf) as gate:
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202
    assert (conf / "events.db").stat().st_size > 0


async def test_without_any_writer_and_without_that_default_it_does_not_open(conf: Path) -> None:
    make(conf, token_public_keys_url="keys.json", writers={})
    with pytest.raises(ConfigurationError, match="no writer is configured"):
        async with open_gate(str(conf), background=False, default_sqlite=False, env={}):
            pass


async def test_a_new_topic_is_in_force_after_a_reload_and_a_removed_one_is_gone(conf: Path) -> None:
    async with opened(conf) as gate:
        write(conf / "topics" / "refunds.json", {})
        write(conf / "access.json", {"refunds": ["ann"]})
        await gate.reload()
        assert await topics(gate) == ["orders", "refunds"]
        assert (await ask(gate, "POST", "/topics/refunds", b"[]")).status == 202
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 403
        (conf / "topics" / "orders.json").unlink()
        await gate.reload()
        assert await topics(gate) == ["refunds"]


async def test_a_host_without_a_timer_refreshes_what_is_due(conf: Path) -> None:
    async with opened(conf) as gate:
        write(conf / "topics" / "refunds.json", {})
        while await topics(gate) != ["orders", "refunds"]:
            await gate.refresh_if_due(1.0)


async def test_a_server_refreshes_by_timer(conf: Path) -> None:
    async with opened(conf, background=True) as gate:
        write(conf / "topics" / "refunds.json", {})
        async with asyncio.timeout(10):
            while await topics(gate) != ["orders", "refunds"]:  # noqa: ASYNC110  # the timer under test tells nobody
                await asyncio.sleep(0)


async def test_a_source_that_broke_leaves_the_last_good_version_and_degrades_health(conf: Path) -> None:
    async with opened(conf) as gate:
        write(conf / "access.json", b'{"orders": ["an')
        await gate.reload()
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202
        answer = await ask(gate, "GET", "/health")
    assert answer.status == 503
    assert json.loads(answer.body)["failures"].keys() == {"access"}


async def test_a_topic_that_broke_serves_on_and_is_a_warning(conf: Path) -> None:
    async with opened(conf) as gate:
        write(conf / "topics" / "orders.json", {"type": "nonsense"})
        write(conf / "topics" / "fresh.json", {"type": "nonsense"})
        await gate.reload()
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202
        assert (await ask(gate, "GET", "/topics/fresh")).status == 503
        answer = await ask(gate, "GET", "/health")
    assert answer.status == 200
    assert len(json.loads(answer.body)["warnings"]) == 2


async def test_terminate_rebuilds_the_gate_before_the_next_request(conf: Path) -> None:
    async with opened(conf) as gate:
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":"' + b"x" * 100 + b'"}')).status == 400
        make(conf, token_public_keys_url="keys.json", limits={"max_body_bytes": 50}, terminate={"subjects": ["ann"]})
        assert (await ask(gate, "POST", "/terminate")).status == 202
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":"' + b"x" * 100 + b'"}')).status == 413


async def test_every_request_after_terminate_waits_for_the_rebuild(conf: Path) -> None:
    async with opened(conf) as gate:
        make(conf, token_public_keys_url="keys.json", limits={"max_body_bytes": 1}, terminate={"subjects": ["ann"]})
        await ask(gate, "POST", "/terminate")
        answers = await asyncio.gather(*(ask(gate, "POST", "/topics/orders", b'{"id":1}') for _ in range(10)))
    assert {answer.status for answer in answers} == {413}


async def test_a_rebuild_from_a_broken_configuration_leaves_the_gate_as_it_was(
    conf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(conf) as gate:
        write(conf / "config.json", b"{")
        with caplog.at_level(logging.ERROR, "eventgate.configuration"):
            await ask(gate, "POST", "/terminate")
            assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_rebuild_that_failed_shows_until_one_succeeds(conf: Path) -> None:
    good = (conf / "config.json").read_bytes()
    async with opened(conf) as gate:
        write(conf / "config.json", b"{")
        await ask(gate, "POST", "/terminate")
        answer = await ask(gate, "GET", "/health")
        assert answer.status == 503
        assert json.loads(answer.body)["failures"].keys() == {"configuration"}
        write(conf / "config.json", good)
        await ask(gate, "POST", "/terminate")
        assert (await ask(gate, "GET", "/health")).status == 200


async def test_keys_are_read_again_in_their_own_time(conf: Path) -> None:
    auth = {"refresh_seconds": 0.01}
    make(conf, token_public_keys_url="keys.json", auth=auth, refresh_seconds=3600)
    async with opened(conf, background=True) as gate:
        write(conf / "keys.json", TokenMaker("another").jwks())
        async with asyncio.timeout(10):
            while (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status != 401:  # noqa: ASYNC110  # see above
                await asyncio.sleep(0)


async def test_a_writer_that_no_topic_uses_does_not_degrade_the_gate(conf: Path) -> None:
    writers = {"discard": {}, "spare": {"type": "sqlite", "path": "nowhere/events.db"}}
    topics = {"orders": {"schema": True, "writers": {"discard": {}}}}
    make(conf, token_public_keys_url="keys.json", writers=writers, topics=topics)
    async with opened(conf) as gate:
        answer = await ask(gate, "GET", "/health")
    assert answer.status == 200
    assert "spare" in json.loads(answer.body)["warnings"][0]


async def test_a_gate_opens_without_waiting_long_for_keys_that_hang(conf: Path) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    make(conf, token_public_keys_url=f"http://{host}:{port}/keys")
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with opened(conf, keys_seconds=0.05) as gate:
        assert (await ask(gate, "GET", "/livez")).status == 200
        assert (await ask(gate, "GET", "/readyz")).status == 503
        assert loop.time() - began < 20
    server.close()


async def test_a_rebuild_keeps_keys_whose_source_is_down(conf: Path) -> None:
    async with opened(conf) as gate:
        os.truncate(conf / "keys.json", 0)
        await ask(gate, "POST", "/terminate")
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 202


async def test_gates_that_share_a_generation_are_rebuilt_together(conf: Path) -> None:
    value = 0

    def advance() -> None:
        nonlocal value
        value += 1

    shared: dict[str, Any] = {"generation": lambda: value, "on_rebuild": advance}
    async with opened(conf, **shared) as one, opened(conf, **shared) as other:
        make(conf, token_public_keys_url="keys.json", limits={"max_body_bytes": 1}, terminate={"subjects": ["ann"]})
        await ask(one, "POST", "/terminate")
        assert (await ask(other, "POST", "/topics/orders", b'{"id":1}')).status == 413


async def test_without_keys_the_gate_opens_is_not_ready_and_recovers(conf: Path) -> None:
    keys = (conf / "keys.json").read_bytes()
    os.truncate(conf / "keys.json", 0)
    async with opened(conf) as gate:
        assert (await ask(gate, "GET", "/readyz")).status == 503
        assert (await ask(gate, "POST", "/topics/orders", b'{"id":1}')).status == 503
        assert (await ask(gate, "GET", "/health")).status == 503
        write(conf / "keys.json", keys)
        await gate.reload()
        assert (await ask(gate, "GET", "/readyz")).status == 200
        gate.draining = True
        assert (await ask(gate, "GET", "/readyz")).status == 503
