"""The flat configuration of the first EventGate, mapped to today's. Nothing else of ours knows its names."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from eventgate.config.settings import ANNOTATIONS, Settings
from eventgate.config.sources import Directory
from eventgate.config.suggest import did_you_mean
from eventgate.core.pointer import Pointer, join
from eventgate.errors import Finding

FLAT_KEYS: Final = frozenset(
    {
        "token_public_key_url",
        "kafka_bootstrap_server",
        "kafka_sasl_kerberos_principal",
        "kafka_sasl_kerberos_keytab_path",
        "kafka_ssl_ca_path",
        "kafka_ssl_cert_path",
        "kafka_ssl_key_path",
        "kafka_ssl_key_password",
        "event_bus_arn",
        "topic_keys_config",
    }
)
"""One of these in a config.json makes it a flat one."""
SCHEMA_FOLDER: Final = "topic_schemas"
SCHEMA_PREFIX: Final = "topic_"

_TOPICS: Final = {stem: f"public.cps.za.{stem}" for stem in ("runs", "dlchange", "test", "status_change")}
_MAX_BODY_BYTES: Final = 6 * 1024 * 1024
_KAFKA_CONFIG: Final = {
    "kafka_sasl_kerberos_principal": "sasl.kerberos.principal",
    "kafka_sasl_kerberos_keytab_path": "sasl.kerberos.keytab",
    "kafka_ssl_ca_path": "ssl.ca.location",
    "kafka_ssl_cert_path": "ssl.certificate.location",
    "kafka_ssl_key_path": "ssl.key.location",
    "kafka_ssl_key_password": "ssl.key.password",
}
_PATHS: Final = tuple(name for name in _KAFKA_CONFIG if name.endswith("_path"))
_KERBEROS: Final = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "GSSAPI",
    "sasl.kerberos.service.name": "kafka",
}
_OBSOLETE: Final = ("KAFKA_FLUSH_TIMEOUT", "KAFKA_FLUSH_RETRIES", "KAFKA_RETRY_BACKOFF")
_ENVIRONMENT: Final = "environment"
_POSTGRES: Final = ("POSTGRES_SECRET_NAME", "POSTGRES_SECRET_REGION")
_STATEMENTS: Final = {
    "public.cps.za.runs": ("runs.sql", "runs_jobs.sql"),
    "public.cps.za.dlchange": ("dlchange.sql",),
    "public.cps.za.test": ("test.sql",),
    "public.cps.za.status_change": ("status_change.sql",),
}


class Seed(msgspec.Struct, frozen=True):
    """A flat configuration in today's form.

    `raw` is what today's config.json would hold; `origins` says which flat key each of its places came from, or that
    it came from the environment (`env:NAME`).
    `keys_file` is the file that names the topics' keys, `own_topics` whether topics are found by the old file names.
    `uses` are the settings of topics for single writers: which statements fill the tables that topics have had so far.
    `names` are the flat names of keys that may be missing.
    """

    raw: dict[str, Any]
    origins: Mapping[str, str]
    findings: tuple[Finding, ...]
    keys_file: str | None = None
    own_topics: bool = True
    uses: Mapping[str, Mapping[str, dict[str, Any]]] = {}
    names: Mapping[str, str] = {}

    def rename(self, finding: Finding) -> Finding:
        """`finding` with its pointer, and the key that it misses, as in the flat file."""
        if not finding.pointer:
            message = finding.message
            for today, flat in self.names.items():
                message = message.replace(f"`{today}`", f"`{flat}`")
            return msgspec.structs.replace(finding, message=message)
        for today, flat in self.origins.items():
            if finding.pointer == today or finding.pointer.startswith(today + "/"):
                if flat.startswith("env:"):
                    return msgspec.structs.replace(
                        finding, file=_ENVIRONMENT, pointer="", hint=f"asked for by {flat[4:]}"
                    )
                return msgspec.structs.replace(finding, pointer=flat)
        return finding


def is_flat(raw: Mapping[str, Any]) -> bool:
    """Whether a config.json is written in the flat form."""
    return not FLAT_KEYS.isdisjoint(raw)


def translate(raw: Mapping[str, Any], env: Mapping[str, str], directory: Directory) -> Seed:
    """A flat config.json in today's form. Empty counts as absent; today's keys may stand beside the flat ones."""
    given = {name: value for name, value in raw.items() if value not in ("", None)}
    today = {name: value for name, value in given.items() if name in Settings.__struct_fields__}
    origins: dict[str, str] = {}
    if "token_public_key_url" in given and "token_public_keys_url" not in today:
        today["token_public_keys_url"] = given["token_public_key_url"]
        origins["/token_public_keys_url"] = "/token_public_key_url"
    names = {} if "token_public_keys_url" in raw else {"token_public_keys_url": "token_public_key_url"}
    for name in ("access_config", "ssl_ca_bundle", "token_public_keys_url", "topics"):
        if isinstance(today.get(name), str):
            today[name] = locate(today[name], directory)
    _set_defaults(today)
    located = {name: locate(given[name], directory) for name in _PATHS if isinstance(given.get(name), str)}
    _add_writers(today, {**given, **located}, env, origins)
    keys = given.get("topic_keys_config")
    keys_file = locate(keys, directory) if isinstance(keys, str) else None
    findings = (*_unknown(raw), *_of_environment(env), *_mistyped(given))
    own_topics = "topics" not in today
    return Seed(today, origins, findings, keys_file, own_topics=own_topics, uses=_uses(env), names=names)


def without_effect(env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Warnings for variables of the first EventGate where config.json does not have its form."""
    hint = 'give `writers` a `postgres` with "dsn": "secretsmanager:NAME?region=REGION"'
    asked = [name for name in _POSTGRES if env.get(name)]
    message = "has no effect: config.json does not have the flat form of the first EventGate"
    return (*(Finding("warning", _ENVIRONMENT, f"{name} {message}", hint=hint) for name in asked), *_obsolete(env))


def locate(name: str, directory: Directory) -> str:
    """Where a path leads: from the configuration directory, else from its parent, else nowhere (`name` as it is)."""
    if directory.local is None or "://" in name or os.path.isabs(name):
        return name
    for base in ("", ".."):
        path = directory.local / base / name
        if os.path.exists(path):
            return posixpath.normpath(os.path.relpath(path, directory.local))
    return name


def topic_of(file: str) -> str:
    """The topic whose schema is in `file`, by the old file names."""
    stem = posixpath.basename(file).removesuffix(".json").lower()
    if posixpath.dirname(file) != SCHEMA_FOLDER:
        stem = stem.removeprefix(SCHEMA_PREFIX)
    return _TOPICS.get(stem, stem)


def key_pointer(field: Any) -> str | None:
    """The pointer that an entry of the keys file means: it names a top-level member. None if it is no entry."""
    if not isinstance(field, str) or not field:
        return None
    pointer = field if field.startswith("/") else join([field])
    try:
        return Pointer(pointer).text
    except ValueError:
        return None


def _set_defaults(today: dict[str, Any]) -> None:
    for section, name, value in (
        ("auth", "max_lifetime_seconds", None),
        ("validation", "assert_formats", False),
        ("limits", "max_body_bytes", _MAX_BODY_BYTES),
    ):
        if isinstance(today.setdefault(section, {}), dict):
            today[section] = {name: value, **today[section]}


def _add_writers(
    today: dict[str, Any], given: Mapping[str, Any], env: Mapping[str, str], origins: dict[str, str]
) -> None:
    writers: dict[str, Any] = {}
    if "kafka_bootstrap_server" in given:
        config = {name: given[flat] for flat, name in _KAFKA_CONFIG.items() if flat in given}
        kerberos = _KERBEROS if "sasl.kerberos.principal" in config else {}
        writers["kafka"] = {"bootstrap_servers": given["kafka_bootstrap_server"], "config": {**kerberos, **config}}
        origins["/writers/kafka"] = "/kafka_bootstrap_server"
    if "event_bus_arn" in given:
        writers["eventbridge"] = {"event_bus_arn": given["event_bus_arn"]}
        origins["/writers/eventbridge"] = "/event_bus_arn"
    if all(env.get(name) for name in _POSTGRES):
        name, region = (env[name] for name in _POSTGRES)
        writers["postgres"] = {"dsn": f"secretsmanager:{name}?region={region}", "create_tables": True}
        origins["/writers/postgres"] = f"env:{' and '.join(_POSTGRES)}"
    named = today.get("writers", {})
    if isinstance(named, dict):
        today["writers"] = {**writers, **named}


def _uses(env: Mapping[str, str]) -> dict[str, dict[str, dict[str, Any]]]:
    if not all(env.get(name) for name in _POSTGRES):
        return {}
    return {
        topic: {"postgres": {"sql": [f"builtin:data-lake/{file}" for file in files]}}
        for topic, files in _STATEMENTS.items()
    }


def _unknown(raw: Mapping[str, Any]) -> tuple[Finding, ...]:
    known = {*FLAT_KEYS, *ANNOTATIONS, *Settings.__struct_fields__}
    return tuple(
        Finding("warning", "config.json", "unknown key, without effect", join([name]), did_you_mean(name, known))
        for name in raw
        if name not in known
    )


def _mistyped(given: Mapping[str, Any]) -> tuple[Finding, ...]:
    return tuple(
        Finding("error", "config.json", "must be a string", join([name]))
        for name in sorted(FLAT_KEYS & given.keys())
        if not isinstance(given[name], str)
    )


def _obsolete(env: Mapping[str, str]) -> tuple[Finding, ...]:
    hint = "limits.request_timeout_seconds bounds a request"
    return tuple(
        Finding("warning", _ENVIRONMENT, f"{name} has no effect", hint=hint) for name in _OBSOLETE if env.get(name)
    )


def _of_environment(env: Mapping[str, str]) -> tuple[Finding, ...]:
    missing = [name for name in _POSTGRES if not env.get(name)]
    if len(missing) != 1:
        return _obsolete(env)
    half = Finding("error", _ENVIRONMENT, f"{missing[0]} is not set, but its other half is")
    return (*_obsolete(env), half)
