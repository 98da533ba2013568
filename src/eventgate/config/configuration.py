"""config.json read and judged: settings, writers, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from eventgate.config import seed as flat
from eventgate.config.https.fetch import fetch
from eventgate.config.judgement import certificates, judge
from eventgate.config.places import open_directory
from eventgate.config.secrets import Secrets
from eventgate.config.settings import ANNOTATIONS, Settings, parse_settings
from eventgate.config.sources import Directory
from eventgate.config.spooling import spool_findings, spool_options
from eventgate.config.text import parse_file
from eventgate.config.writers import ConfiguredWriter, parse_writers
from eventgate.core.writer import Writer, WriterContext
from eventgate.errors import Finding, SourceError
from eventgate.spool.stores import OpenSpool, open_spool

CONFIG_FILE: Final = "config.json"
DEFAULT_WRITER: Final = "sqlite"
"""The writer of a gate that has none configured: SQLite's `events.db` in the configuration directory."""
KEYS_MAX_BYTES: Final = 1024 * 1024
"""Largest key document that is read."""

_UNKNOWN: Final = "https://unknown.invalid/"
"""Stands for an address that could not be made out, while looking for further findings."""


class Configuration(msgspec.Struct, frozen=True):
    """One reading of config.json. `text` is the file as it was; `findings` are warnings, errors too while examining.

    `settings` are today's, whichever form the file has; `seed` is the translation of a flat one. `api_document` is
    `api.yaml` where the directory has one. `freezes`: the process stands still between requests.
    """

    settings: Settings
    directory: Directory
    secrets: Secrets
    writers: Mapping[str, ConfiguredWriter]
    text: bytes
    findings: tuple[Finding, ...] = ()
    seed: flat.Seed | None = None
    api_document: bytes | None = None
    file: str = CONFIG_FILE
    freezes: bool = False

    @property
    def is_seed(self) -> bool:
        """Whether config.json has the flat form of the first EventGate."""
        return self.seed is not None

    def build_writers(self) -> list[Writer]:
        """Fresh, unopened writers, one for each that is configured. Raises `ConfigurationError`."""
        return [writer.spec.build(writer.settings, self.context(writer.name)) for writer in self.writers.values()]

    def open_spool(self) -> OpenSpool | None:
        """The spool that is configured; None where there is none."""
        options = spool_options(self.settings, self.directory)
        return None if options is None else open_spool(options)

    async def read_keys(self, seconds: float) -> bytes:
        """The document with the public keys, in at most `seconds`; raises `SourceError`."""
        source = self.settings.token_public_keys_url
        if "://" in source:
            return await fetch(source, timeout=seconds, max_bytes=KEYS_MAX_BYTES, ca_bundle=self.settings.ssl_ca_bundle)
        found = await self.directory.read(source)
        if found is None:
            raise SourceError("there is no such file")
        return found.content

    def context(self, name: str) -> WriterContext:
        """What the writer called `name` is built with."""
        return WriterContext(
            name=name,
            directory=self.directory.local,
            ssl_ca_bundle=self.settings.ssl_ca_bundle,
            ledger_retain_days=self.settings.ledger.retain_days,
            resolve=self.secrets.read,
            request_timeout_seconds=self.settings.limits.request_timeout_seconds,
            freezes=self.freezes,
        )


async def examine(
    conf: str, env: Mapping[str, str], *, default_sqlite: bool
) -> tuple[Configuration | None, tuple[Finding, ...]]:
    """config.json at `conf` and all that is wrong with it.

    With errors, the configuration (if there is one) holds what could be made out, with defaults for the rest: to look
    for further findings, never to serve from.
    """
    try:
        directory = open_directory(conf)
    except SourceError as error:
        hint = "`eventgate init DIR` makes one" if "no such" in str(error) else None
        return None, (Finding("error", conf, str(error), hint=hint),)
    try:
        text = await _read_config(directory)
        raw = parse_file(text)
        api_file = await directory.read("api.yaml")
    except SourceError as error:
        return None, (Finding("error", CONFIG_FILE, str(error)),)
    if not isinstance(raw, dict):
        return None, (Finding("error", CONFIG_FILE, "must be a JSON object"),)
    configuration, findings = await _interpret(raw, text, directory, env, default_sqlite)
    return msgspec.structs.replace(configuration, api_document=api_file.content if api_file else None), findings


async def _read_config(directory: Directory) -> bytes:
    found = await directory.read(CONFIG_FILE)
    if found is None:
        raise SourceError("there is no such file in the configuration directory")
    return found.content


async def _interpret(
    raw: dict[str, Any], text: bytes, directory: Directory, env: Mapping[str, str], default_sqlite: bool
) -> tuple[Configuration, tuple[Finding, ...]]:
    seed = flat.translate(raw, env, directory) if flat.is_flat(raw) else None
    today = seed.raw if seed else raw
    secrets = Secrets(directory, env, await _certificates(today.get("ssl_ca_bundle"), directory, env))
    # An object of topics keeps its references until they are read: schemas may hold strings that look like some.
    plain = {name for name in today if name in ANNOTATIONS or (name == "topics" and isinstance(today[name], dict))}
    resolvable = {name: value for name, value in today.items() if name not in plain}
    resolved, unresolved = await secrets.resolve(resolvable, file=CONFIG_FILE)
    settings, misshapen = _make_out({**today, **resolved})
    writers, wrong_writers = parse_writers(settings.writers, file=CONFIG_FILE, directory=directory.local)
    if not settings.writers:
        wrong_writers += (_no_writers(default_sqlite),)
        writers, _ = parse_writers({DEFAULT_WRITER: {}} if default_sqlite else {}, file=CONFIG_FILE)
    settings, directory, judged = await judge(settings, directory, file=CONFIG_FILE)
    freezes = "AWS_LAMBDA_FUNCTION_NAME" in env
    spool = tuple(spool_findings(settings, directory, CONFIG_FILE, freezes=freezes))
    findings = _once(unresolved, misshapen, wrong_writers, judged, spool)
    findings = (*seed.findings, *map(seed.rename, findings)) if seed else (*findings, *flat.without_effect(env))
    return Configuration(settings, directory, secrets, writers, text, findings, seed, freezes=freezes), findings


async def _certificates(bundle: object, directory: Directory, env: Mapping[str, str]) -> bool | str:
    """What `ssl_ca_bundle` comes to for those who look up secrets, be it a reference itself.

    One that leads nowhere is a finding when all references are looked up.
    """
    if isinstance(bundle, str):
        resolved, _ = await Secrets(directory, env).resolve(bundle, file=CONFIG_FILE)
        bundle = resolved or True
    return certificates(bundle, directory)


def _make_out(raw: dict[str, Any]) -> tuple[Settings, tuple[Finding, ...]]:
    """Settings from what is in order in `raw`, and what is not."""
    settings, findings = parse_settings(raw, CONFIG_FILE)
    if settings is None:
        wrong = {finding.pointer.split("/")[1] for finding in findings if finding.pointer}
        names = {name.replace("~1", "/").replace("~0", "~") for name in wrong}
        rest = {name: value for name, value in raw.items() if name not in names}
        settings, _ = parse_settings({"token_public_keys_url": _UNKNOWN, **rest}, CONFIG_FILE)
    return settings or Settings(token_public_keys_url=_UNKNOWN), findings


def _once(*rounds: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """All findings, but of each place only those of the first round that had any: the others follow from them."""
    findings: tuple[Finding, ...] = ()
    for found in rounds:
        known = {finding.pointer for finding in findings}
        findings += tuple(finding for finding in found if finding.pointer not in known)
    return findings


def _no_writers(default_sqlite: bool) -> Finding:
    if default_sqlite:
        return Finding(
            "warning", CONFIG_FILE, "no writer is configured; a server writes events to events.db", "/writers",
            "on AWS Lambda this is an error",
        )  # fmt: skip
    return Finding("error", CONFIG_FILE, "no writer is configured", "/writers", '`{"type": "discard"}` wants none')
