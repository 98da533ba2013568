"""While a large event is judged, all others are served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eventgate.app import Gate, open_gate
from eventgate.core.model import Request, Response
from eventgate.testing import TokenMaker
from tests.config.directories import make, write

TOKENS = TokenMaker()
SLOW = {"items": {"anyOf": [{"const": each} for each in range(50)]}}
LARGE = b"[" + b",".join([b"49"] * 30_000) + b"]"
WRONG = b"[" + b",".join([b"49"] * 11_000) + b",50]"
GOOD = b"[1, 2]"
DEADLINE = 120


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    write(tmp_path / "keys.json", TOKENS.jwks())
    conf = make(
        tmp_path,
        schemas={"slow": SLOW},
        token_public_keys_url="keys.json",
        limits={"request_timeout_seconds": DEADLINE},
    )
    async with open_gate(str(conf), background=True, default_sqlite=True, env={}) as opened:
        yield opened


async def post(gate: Gate, body: bytes, *, path: str = "/topics/slow", media: bytes = b"application/json") -> Response:
    async def read(_: int) -> bytes:
        return body

    fields = [(b"authorization", b"Bearer " + TOKENS.token("ann").encode()), (b"content-type", media)]
    return await gate.handle(Request("POST", path, fields, read))


async def served_meanwhile(gate: Gate, slow: asyncio.Task[Response]) -> int:
    """How many good events were taken until `slow` was answered."""
    count = 0
    while not slow.done():
        assert (await post(gate, GOOD)).status == 202
        count += 1
        await asyncio.sleep(0)
    return count


@pytest.mark.parametrize("media", [b"application/json", b"application/x-ndjson"])
async def test_others_are_served_while_a_large_event_is_judged(gate: Gate, media: bytes) -> None:
    """Judged on the event loop it would let through one of them."""
    slow = asyncio.ensure_future(post(gate, LARGE, media=media))
    assert await served_meanwhile(gate, slow) > 5
    assert (await slow).status == 202


@pytest.mark.parametrize("path", ["/topics/slow", "/topics/slow/validate"])
async def test_a_large_event_that_is_wrong_is_told_why(gate: Gate, path: str) -> None:
    answer = await post(gate, WRONG, path=path)
    assert answer.status == 400
    said = json.loads(answer.body)
    assert [(each["type"], each["pointer"], each["keyword"]) for each in said["errors"]] == [
        ("validation", "/11000", "anyOf")
    ]
    assert said["truncated"] is True


async def test_a_small_event_with_many_problems_is_explained_aside_and_completely(gate: Gate) -> None:
    body = json.dumps([-1] * 30).encode()
    answer = await post(gate, body)
    assert answer.status == 400
    assert len(json.loads(answer.body)["errors"]) == 30
