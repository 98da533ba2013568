"""What the Kafka writer can be told, and the librdkafka properties that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Value = str | int | float | bool

IAM: Final = "AWS_MSK_IAM"
"""A value of `sasl.mechanism` that is ours: OAUTHBEARER with tokens signed by the AWS credentials of the process."""
MECHANISM: Final = ("sasl.mechanism", "sasl.mechanisms")
PROPAGATION: Final = "topic.metadata.propagation.max.ms"
MAX_BYTES: Final = 1_000_000
"""librdkafka's default of `message.max.bytes`."""

_LEGAL_TOPIC: Final = "^[A-Za-z0-9._-]+$"
_FILES: Final = (".location", ".file", ".keytab")
_PROBED: Final = {"ssl.ca.location": "probe"}

DEFAULTS: Final[Mapping[str, Value]] = {
    "client.id": "eventgate",
    "linger.ms": 1,
    "reconnect.backoff.ms": 20,
    "reconnect.backoff.max.ms": 1000,
    "queue.buffering.max.kbytes": 131072,
    "socket.keepalive.enable": True,
    "enable.idempotence": True,
}
"""Where ours differ from librdkafka's; `config` may say otherwise."""


class KafkaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Kafka cluster and how to talk to it."""

    bootstrap_servers: Annotated[
        str, Meta(min_length=1, description="Brokers to ask first, as HOST:PORT, separated by commas.")
    ]
    config: Annotated[
        dict[str, Value],
        Meta(
            description="Properties of librdkafka by their names, as `security.protocol`. File names are relative to "
            "the configuration directory. `sasl.mechanism` may also be `AWS_MSK_IAM`."
        ),
    ] = {}
    subject_header: Annotated[
        bool, Meta(description="Whether messages carry the token's subject in the header `eventgate-subject`.")
    ] = False


class KafkaTopicSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the events of one topic go."""

    topic: Annotated[
        Annotated[str, Meta(min_length=1, max_length=249, pattern=_LEGAL_TOPIC)] | None,
        Meta(description="The Kafka topic. Default: the EventGate topic's name."),
    ] = None


def mechanism(config: Mapping[str, Value]) -> str:
    """The SASL mechanism in capitals; empty where none is set."""
    return next((str(config[name]).upper() for name in MECHANISM if name in config), "")


def uses_iam(config: Mapping[str, Value]) -> bool:
    """Whether tokens are to be signed with AWS credentials."""
    return mechanism(config) == IAM


def properties(
    settings: KafkaSettings, *, directory: Path | None, ca_bundle: bool | str, longest_seconds: float
) -> dict[str, str]:
    """All properties as librdkafka takes them.

    A connection that stays silent for half of `longest_seconds`, the longest time that a request may take, is given up
    (`socket.timeout.ms`), so that the other half is left for another attempt. `message.timeout.ms` is longer than any
    producer keeps an event: where one times out inside librdkafka, its neighbours may be sent twice (see `supply`).
    """
    longest = max(1000, int(longest_seconds * 1000))
    values: dict[str, Value] = {**DEFAULTS, "socket.timeout.ms": max(1000, min(60_000, longest // 2))}
    values[PROPAGATION] = int(propagation_seconds({}, longest_seconds) * 1000)
    values |= settings.config
    if uses_iam(settings.config):
        values = {name: value for name, value in values.items() if name not in MECHANISM}
        values["sasl.mechanism"] = "OAUTHBEARER"
    if isinstance(ca_bundle, str) and values.get("sasl.oauthbearer.method") == "oidc":
        values.setdefault("https.ca.location", ca_bundle)
    values |= {
        "bootstrap.servers": settings.bootstrap_servers,
        "acks": "all",
        "message.timeout.ms": 2 * longest + 10_000,
    }
    return {name: as_text(located(name, value, directory)) for name, value in values.items()}


def located(name: str, value: Value, directory: Path | None) -> Value:
    """`value`, or where it leads if it is the relative name of a file."""
    if directory is None or not isinstance(value, str) or not name.endswith(_FILES) or _PROBED.get(name) == value:
        return value
    return str(directory / value)


def as_text(value: Value) -> str:
    """A property's value as librdkafka reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def propagation_seconds(config: Mapping[str, Value], longest_seconds: float) -> float:
    """How long a topic that is not there may be about to be: 2 s, or half of the longest request if that is less."""
    try:
        return int(config[PROPAGATION]) / 1000
    except (KeyError, ValueError):
        return min(2.0, max(0.1, longest_seconds / 2))


def max_bytes(config: Mapping[str, Value]) -> int:
    """The largest message, as librdkafka counts it."""
    try:
        return int(config.get("message.max.bytes", MAX_BYTES))
    except ValueError:
        return MAX_BYTES
