"""What is wrong with librdkafka properties, found out without a broker: librdkafka itself is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from eventgate.errors import Finding
from eventgate.writers.kafka.names import CONSUMERS, PROPERTIES
from eventgate.writers.kafka.settings import (
    MECHANISM,
    KafkaSettings,
    Value,
    as_text,
    mechanism,
    properties,
    uses_iam,
)

FORBIDDEN: Final[Mapping[str, str]] = {
    "acks": "is always `all`: an event is delivered once all in-sync replicas have it",
    "request.required.acks": "is always `all`: an event is delivered once all in-sync replicas have it",
    "bootstrap.servers": "stands beside `config`, as `bootstrap_servers`",
    "metadata.broker.list": "stands beside `config`, as `bootstrap_servers`",
    "delivery.report.only.error": "is always false: without reports the gate cannot tell what was delivered",
    "message.timeout.ms": "follows from limits.request_timeout_seconds",
    "delivery.timeout.ms": "follows from limits.request_timeout_seconds",
    "plugin.library.paths": "would load code into the gate that may change what it reports",
    "interceptors": "would load code into the gate that may change what it reports",
    "transactional.id": "the gate writes without transactions",
}
"""Properties that would break what the gate promises, and why."""
_CALLBACKS: Final = re.compile(r".*(_cb|_conf|_cmp)|opaque|on_delivery|logger|enabled_events|log\.queue|ssl_\w+")
_IDEMPOTENCE: Final = "without idempotence a retry of librdkafka's may write an event twice, or out of order"
_END: Final = "eventgate.end"
"""No property: asking for it last makes librdkafka judge the others and then make nothing."""
_QUOTED: Final = re.compile(r'"([a-z0-9._]+)"')
_WORDS: Final = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)+")


class _Silence:
    """librdkafka would write to standard error otherwise."""

    def log(self, *_: object) -> None:
        """Nothing: what is wrong becomes a finding."""


def check(settings: KafkaSettings, directory: Path | None) -> Sequence[Finding]:
    """All that is wrong with `settings`; pointers are relative to the writer's entry, `file` is empty."""
    found = list(_of_promises(settings.config))
    usable = {name: value for name, value in settings.config.items() if not _is_ours(name)}
    wrong = list(_of_properties(usable))
    if usable and not any(finding.severity == "error" for finding in (*found, *wrong)):  # ours alone are in order
        wrong += _of_all(settings, directory)
    return [*found, *wrong]


def of_construction(error: KafkaError, place: str) -> Finding:
    """Why a producer cannot be made; librdkafka's text may hold file names, so only properties are told."""
    named = [word for word in _WORDS.findall(error.str()) if word in PROPERTIES]
    pointer = f"{place}/config" + (f"/{named[0]}" if named else "")
    if "No provider for SASL mechanism GSSAPI" in error.str():
        hint = "the package index's wheel has no Kerberos; the project's container image has"
        return Finding("error", "", "this librdkafka has no GSSAPI (Kerberos)", f"{place}/config/sasl.mechanism", hint)
    told = " and ".join(f"`{name}`" for name in dict.fromkeys(named)) or "these properties"
    return Finding("error", "", f"librdkafka cannot make a producer with {told} as set", pointer)


def _is_ours(name: str) -> bool:
    return name in FORBIDDEN or _CALLBACKS.fullmatch(name) is not None


def _of_promises(config: Mapping[str, Value]) -> Iterator[Finding]:
    for name, value in config.items():
        place = f"/config/{_escaped(name)}"
        if name in FORBIDDEN:
            if not (name.endswith("acks") and as_text(value) in ("all", "-1")):
                yield Finding("error", "", FORBIDDEN[name], place)
        elif _CALLBACKS.fullmatch(name):
            yield Finding("error", "", "cannot be set in a file", place)
        elif name == "enable.idempotence" and as_text(value).lower() in ("false", "0", "f"):
            yield Finding("warning", "", _IDEMPOTENCE, place)
        elif name in CONSUMERS:
            yield Finding("warning", "", "concerns consumers only, without effect", place)


def _of_properties(config: Mapping[str, Value]) -> Iterator[Finding]:
    """librdkafka's word on each property by itself, name and value."""
    for name, value in config.items():
        if name in MECHANISM and uses_iam({name: value}):
            continue
        try:
            Producer({name: as_text(value), _END: ""})
        except KafkaException as error:
            text = error.args[0].str()
            quoted = _QUOTED.findall(text)
            if text.startswith("No such configuration property") and _END in quoted:
                continue
            unknown = text.startswith("No such configuration property")
            message = "librdkafka has no such property" if unknown else "librdkafka does not take this value"
            yield Finding("error", "", message, f"/config/{_escaped(name)}", _nearest(name) if unknown else None)


def _of_all(settings: KafkaSettings, directory: Path | None) -> Iterator[Finding]:
    """librdkafka's word on all properties together, and on the files that they name; nothing is connected to."""
    values = properties(settings, directory=directory, ca_bundle=True, longest_seconds=10.0)
    del values["bootstrap.servers"]
    yield from _of_protocol(settings.config, values.get("security.protocol", "plaintext").lower())
    if mechanism(settings.config) in ("OAUTHBEARER", "AWS_MSK_IAM"):  # would begin to fetch a token
        values = {name: value for name, value in values.items() if not name.startswith("sasl.")}
        values["security.protocol"] = values.get("security.protocol", "plaintext").lower().replace("sasl_", "")
    try:
        Producer({**values, "log_level": "0", "logger": _Silence()})
    except KafkaException as error:
        yield of_construction(error.args[0], "")


def _of_protocol(config: Mapping[str, Value], protocol: str) -> Iterator[Finding]:
    """Settings for TLS or a login that librdkafka takes and never uses."""
    for family, hint in (
        ("ssl", "set security.protocol to SSL or SASL_SSL"),
        ("sasl", "set security.protocol to SASL_SSL"),
    ):
        idle = [name for name in config if name.startswith(f"{family}.")]
        if idle and family not in protocol.split("_"):
            message = f"without effect, like all of `{family}.*`: security.protocol is `{protocol}`"
            yield Finding("warning", "", message, f"/config/{_escaped(idle[0])}", hint)


def _nearest(name: str) -> str | None:
    import difflib

    near = difflib.get_close_matches(name.lower(), PROPERTIES, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
