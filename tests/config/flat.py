"""Flat configuration directories, as the first EventGate had them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.policy import Policy
from eventgate.errors import ConfigurationError, Finding
from tests.config.directories import SCHEMA, write

FLAT: dict[str, Any] = {
    "access_config": "conf/access.json",
    "topic_keys_config": "conf/topic_keys.json",
    "token_provider_url": "https://sso.example/login",
    "token_public_keys_url": "https://sso.example/keys",
    "kafka_bootstrap_server": "",
    "event_bus_arn": "",
    "ssl_ca_bundle": True,
}
RESTRICTED = {"source_app": ["restricted-app"], "environment": ["dev"]}
ACCESS: dict[str, Any] = {
    "public.cps.za.runs": {"FooBarUser": {}, "RestrictedUser": RESTRICTED},
    "public.cps.za.status_change": ["TestUser"],
    "public.cps.za.test": ["TestUser"],
}


def seed(root: Path, *, config: dict[str, Any] | None = None, folder: bool = True) -> Path:
    """A checkout with a flat configuration; returns its `conf`."""
    conf = root / "conf"
    write(conf / "config.json", {**FLAT, **(config or {})})
    write(conf / "access.json", ACCESS)
    write(conf / "topic_keys.json", {"public.cps.za.status_change": "job_id"})
    for stem in ("runs", "status_change", "test"):
        write(conf / (f"topic_schemas/{stem}.json" if folder else f"topic_{stem}.json"), SCHEMA)
    return conf


async def policy(conf: Path, env: dict[str, str] | None = None) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy of a flat configuration."""
    return await PolicyLoader(await load_configuration(str(conf), env or {})).load(None)


async def findings(conf: Path, env: dict[str, str] | None = None) -> set[tuple[str, str, str, str]]:
    """Everything that is said of a flat configuration: severity, file, pointer, message."""
    try:
        found = (await load_configuration(str(conf), env or {})).findings
    except ConfigurationError as error:
        found = error.findings
    return {(each.severity, each.file, each.pointer, each.message) for each in found}
