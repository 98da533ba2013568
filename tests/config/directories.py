"""Configuration directories for the tests of this folder: real files, small and complete."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eventgate.config.configuration import Configuration
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.policy import Policy
from eventgate.errors import Finding

KEYS_URL = "https://sso.example/keys"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


def write(path: Path, content: object) -> Path:
    """Put `content` (bytes, text, or a document to be written as JSON) into the file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def make(
    root: Path,
    *,
    schemas: Mapping[str, object] | None = None,
    access: object = None,
    **config: object,
) -> Path:
    """A directory with config.json, access.json and `topics/NAME.json` for each of `schemas` (default: `orders`)."""
    given = {"orders": SCHEMA} if schemas is None else schemas
    settings = {"token_public_keys_url": KEYS_URL, "writers": {"discard": {}}, **config}
    write(root / "config.json", settings)
    write(root / "access.json", {name.lower(): ["ann"] for name in given} if access is None else access)
    (root / "topics").mkdir(exist_ok=True)
    for name, schema in given.items():
        write(root / "topics" / f"{name}.json", schema)
    return root


async def load(root: Path, env: Mapping[str, str] | None = None) -> Configuration:
    """The configuration at `root`, with an environment of its own."""
    return await load_configuration(str(root), env or {})


async def loader(root: Path) -> PolicyLoader:
    """A loader for the directory at `root`."""
    return PolicyLoader(await load(root))


async def policy(root: Path) -> tuple[Policy, tuple[Finding, ...]]:
    """The first policy of the directory at `root`, and its findings."""
    return await (await loader(root)).load(None)


def errors(findings: Iterable[Finding]) -> set[tuple[str, str, str]]:
    """File, pointer and message of each error."""
    return {(each.file, each.pointer, each.message) for each in findings if each.severity == "error"}
