"""`GET /topics/{topic}/example`: an event that can be posted as it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from eventgate.app import Gate, open_gate
from eventgate.catalogue.examples.shelf import Shelf
from eventgate.core.model import Request, Response
from eventgate.core.pointer import Pointer
from eventgate.core.topics import Topic
from eventgate.errors import NoExample
from eventgate.testing import TokenMaker
from tests.core.schema.schema_support import compiled

TOKENS = TokenMaker()
TOPICS: dict[str, Any] = {
    "orders": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"minimum": 3}}},
    "never": {"type": "string", "enum": [1]},
}


def configure(directory: Path, **settings: Any) -> None:
    (directory / "topics").mkdir()
    for name, schema in TOPICS.items():
        (directory / "topics" / f"{name}.json").write_text(json.dumps(schema))
    (directory / "keys.json").write_bytes(TOKENS.jwks())
    (directory / "access.json").write_text(json.dumps({name: ["ada"] for name in TOPICS}))
    config = {
        "topics": "topics/",
        "access_config": "access.json",
        "token_public_keys_url": "keys.json",
        "writers": {"discard": {"type": "discard"}},
        **settings,
    }
    (directory / "config.json").write_text(json.dumps(config))


async def ask(gate: Gate, method: str, path: str, body: bytes = b"", token: str | None = None) -> Response:
    async def read(limit: int) -> bytes:
        return body

    headers = () if token is None else ((b"authorization", f"Bearer {token}".encode()),)
    return await gate.handle(Request(method, path, headers, read))


async def test_the_answer_can_be_posted_as_it_is(tmp_path: Path) -> None:
    configure(tmp_path)
    async with open_gate(str(tmp_path), background=False, default_sqlite=False) as gate:
        example = await ask(gate, "GET", "/topics/Orders/example")
        assert (example.status, dict(example.headers)[b"content-type"]) == (200, b"application/json")
        assert json.loads(example.body) == {"id": json.loads(example.body)["id"], "n": 3}
        posted = await ask(gate, "POST", "/topics/orders", example.body, TOKENS.token("ada"))
        assert posted.status == 202, posted.body
        again = await ask(gate, "GET", "/topics/orders/example")
        assert again.body == example.body


async def test_where_no_event_is_found_the_answer_says_so(tmp_path: Path) -> None:
    configure(tmp_path)
    async with open_gate(str(tmp_path), background=False, default_sqlite=False) as gate:
        answer = await ask(gate, "GET", "/topics/never/example")
        assert (answer.status, json.loads(answer.body)["errors"][0]["type"]) == (404, "example")
        absent = await ask(gate, "GET", "/topics/nope/example")
        assert (absent.status, json.loads(absent.body)["errors"][0]["type"]) == (404, "topic")


async def test_a_catalogue_that_is_not_public_asks_for_a_token(tmp_path: Path) -> None:
    configure(tmp_path, catalogue={"public": False})
    async with open_gate(str(tmp_path), background=False, default_sqlite=False) as gate:
        assert (await ask(gate, "GET", "/topics/orders/example")).status == 401
        assert (await ask(gate, "GET", "/topics/nope/example")).status == 401
        assert (await ask(gate, "GET", "/topics/orders/example", token=TOKENS.token("anyone"))).status == 200


async def test_all_who_ask_at_once_get_the_same_and_one_who_leaves_disturbs_nobody() -> None:
    shelf = Shelf(max_depth=64)
    topic = Topic(name="t", schema=compiled(TOPICS["orders"]))
    first = asyncio.ensure_future(shelf.of(topic))
    others = [asyncio.ensure_future(shelf.of(topic)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    found = await asyncio.gather(*others)
    assert all(each is found[0] for each in found)


async def test_another_pointer_to_the_id_makes_other_examples() -> None:
    shelf = Shelf(max_depth=64)
    schema = compiled({"type": "object"})
    assert (await shelf.of(Topic(name="t", schema=schema))).full == b"{}"
    with_id = await shelf.of(Topic(name="t", schema=schema, event_id=Pointer("/id")))
    assert list(json.loads(with_id.full or b"")) == ["id"]


async def test_none_is_an_answer_too() -> None:
    with pytest.raises(NoExample):
        await Shelf(max_depth=64).answer(Topic(name="t", schema=compiled(TOPICS["never"])))
