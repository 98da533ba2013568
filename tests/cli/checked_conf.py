"""A configuration directory to be checked, and its token issuer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventgate.testing import TokenMaker
from tests.cli.commands import Ended, eventgate
from tests.deployment import key_server


class Conf:
    """A configuration directory and its token issuer."""

    def __init__(self, folder: Path, keys_url: str, maker: TokenMaker) -> None:
        self.folder = folder
        self.maker = maker
        self.config: dict[str, Any] = {
            "token_public_keys_url": keys_url,
            "topics": {
                "orders": {"schema": {"type": "object"}},
                "audit": {"schema": True, "writers": {"keep": {"required": False}}},
            },
            "writers": {"keep": {"type": "sqlite", "path": "kept.db"}, "discard": {}},
        }
        self.write({"orders": ["eva"], "audit": {"eva": {"kind": ["a|b"]}, "max": {}}})

    def write(self, access: Any = None) -> None:
        (self.folder / "config.json").write_text(json.dumps(self.config))
        if access is not None:
            (self.folder / "access.json").write_text(json.dumps(access))

    def check(self, *arguments: str | Path, env: dict[str, str] | None = None) -> Ended:
        return eventgate("check", "--conf", self.folder, *arguments, env=env)

    def check_token(self, token: str) -> Ended:
        (self.folder / "token").write_text(token + "\n")
        return self.check("--token", self.folder / "token")


@contextmanager
def checked_conf(folder: Path) -> Iterator[Conf]:
    """`folder` without findings; its key address answers until the block is left."""
    maker = TokenMaker()
    with key_server(maker.jwks()) as url:
        yield Conf(folder, url, maker)
