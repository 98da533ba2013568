"""A gate's surroundings for tests: a configuration directory and a key server, real ones."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventgate.testing import TokenMaker
from tests.http_server import Exchange, http_server

RUNS_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "event_id": {"type": "string", "maxLength": 64},
        "tenant_id": {"type": "string"},
        "count": {"type": "integer", "minimum": 0},
        "at": {"type": "string", "format": "date-time"},
        "jobs": {"type": "array", "items": {"type": "object", "required": ["status"]}},
    },
    "required": ["event_id", "tenant_id"],
}
OPEN_SCHEMA = {"type": ["object", "array"]}


@contextmanager
def key_server(content: bytes) -> Iterator[str]:
    """The address of an HTTP server that answers every GET with `content`."""

    class Keys(Exchange):
        def reply(self) -> None:
            self.answer(200, content, {"Content-Type": "application/json"})

    with http_server(Keys) as url:
        yield f"{url}/keys"


class Deployment:
    """A configuration directory that a gate can be opened from, and who may sign tokens for it.

    Topics: `runs` (subjects alice, and rita for tenant t1 only), `free` (anything, alice), `straße` (alice); `broken`
    has a schema that is none.
    """

    def __init__(self, folder: Path, keys_url: str, maker: TokenMaker) -> None:
        self.conf = folder
        self.maker = maker
        self.config: dict[str, Any] = {
            "token_public_keys_url": keys_url,
            "token_provider_url": "https://sso.example/login?realm=a",
            "topics": "topics/",
            "access_config": "access.json",
            "writers": {"discard": {}},
            "limits": {"max_body_bytes": 65536, "max_batch_bytes": 262144},
            "terminate": {"subjects": ["root"]},
        }
        self.access: dict[str, Any] = {
            "runs": {"alice": {}, "rita": {"tenant_id": ["t1"]}},
            "free": ["alice"],
            "straße": ["alice"],
            "broken": ["alice"],
        }
        (folder / "topics").mkdir(parents=True, exist_ok=True)
        self.topic("runs", RUNS_SCHEMA)
        self.topic("free", OPEN_SCHEMA)
        self.topic("straße", OPEN_SCHEMA)
        self.topic("broken", {"type": "objekt"})
        self.write()

    def write(self) -> None:
        """Put config.json and access.json on disk as they are now."""
        for name, document in (("config.json", self.config), ("access.json", self.access)):
            (self.conf / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def topic(self, name: str, schema: object) -> None:
        """Add or replace a topic."""
        (self.conf / "topics" / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")

    def bearer(self, subject: str = "alice", **claims: Any) -> str:
        """The value of an `Authorization` header."""
        return f"Bearer {self.maker.token(subject, **claims)}"


@contextmanager
def deployment(folder: Path) -> Iterator[Deployment]:
    """A deployment in `folder` whose key server runs until the block is left."""
    with key_server(_maker().jwks()) as url:
        yield Deployment(folder, url, _maker())


@functools.cache
def _maker() -> TokenMaker:
    """One RSA key for all deployments: making it takes longer than most tests."""
    return TokenMaker()
