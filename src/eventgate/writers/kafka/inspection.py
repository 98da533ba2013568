"""What a cluster says of the topics that events are to go to: `check --connect` asks, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from eventgate.errors import Finding
from eventgate.writers.kafka.errors import code_of, reason

_PRODUCERS: Final = (
    "batch.num.messages",
    "batch.size",
    "enable.idempotence",
    "linger.ms",
    "message.timeout.ms",
    "acks",
)
_MISSING: Final = "UNKNOWN_TOPIC_OR_PART"
_BATCH_BYTES: Final = 1_000_000
"""librdkafka's default of `batch.size`."""


class _Silence:
    """The probe that precedes an inspection has said what there is to say of the connection."""

    def log(self, *_: object) -> None:
        """Nothing."""


def _ignore(_: object) -> None:
    pass


def inspect(properties: Mapping[str, Any], topics: Mapping[str, str], seconds: float) -> Sequence[Finding]:
    """Findings for `topics` (Kafka topic by EventGate topic); none if nobody answers.

    Blocks for a few times `seconds` at most.
    """
    if not topics:
        return ()
    kept: dict[str, Any] = {name: value for name, value in properties.items() if name not in _PRODUCERS}
    kept["error_cb"] = _ignore
    admin = AdminClient(kept, logger=_Silence())
    names = sorted(set(topics.values()))
    findings: list[Finding] = []
    answers = _descriptions(admin, names, seconds)
    there = [name for name, answer in answers.items() if not isinstance(answer, str)]
    limits = _settings(admin, ResourceType.TOPIC, there, "max.message.bytes", seconds)
    creates = _MISSING in answers.values() and _creates_topics(admin, seconds)
    batch = int(properties.get("batch.size", _BATCH_BYTES))
    for topic, name in topics.items():
        findings.extend(
            Finding(severity, f"topic {topic}", message, hint=hint)
            for severity, message, hint in _judge(name, answers.get(name), creates, limits.get(name), batch)
        )
    return findings


def _descriptions(admin: AdminClient, names: list[str], seconds: float) -> dict[str, Any]:
    """What is there of each topic: its description, or the code of an error; nothing where nobody answers."""
    answers: dict[str, Any] = {}
    asked = admin.describe_topics(TopicCollection(names), include_authorized_operations=True, request_timeout=seconds)
    for name, future in asked.items():
        try:
            answers[name] = future.result(seconds + 1)
        except KafkaException as error:
            answers[name] = code_of(error.args[0])
        except TimeoutError:
            continue
    return answers


_Judgement = tuple[Any, str, str | None]


def _judge(name: str, answer: Any, creates: bool, largest: str | None, batch: int) -> Iterator[_Judgement]:
    if answer == _MISSING:
        if creates:
            yield "warning", f"Kafka has no topic {name} yet", "the brokers are set to create it with its first event"
        else:
            yield "error", f"Kafka has no topic {name}", "create it; its events fail until it is there"
    elif answer in ("TOPIC_AUTHORIZATION_FAILED", "TOPIC_EXCEPTION", "CLUSTER_AUTHORIZATION_FAILED"):
        yield "error", f"the Kafka topic {name}: {reason(answer)}", "the writer needs Describe and Write on it"
    elif answer is not None and not isinstance(answer, str):
        allowed = answer.authorized_operations
        if allowed and AclOperation.WRITE not in allowed and AclOperation.ALL not in allowed:
            yield "error", f"the Kafka topic {name} may not be written to", "grant Write on it"
        if largest is not None and int(largest) < batch:
            text = f"the Kafka topic {name} takes batches of {int(largest):,} bytes, smaller than those of the producer"
            yield "warning", text, f'set "batch.size" in the writer\'s config to {largest} or less'


def _creates_topics(admin: AdminClient, seconds: float) -> bool:
    """Whether brokers create a topic that is asked for, as far as that may be seen."""
    try:
        brokers = [str(number) for number in admin.list_topics("?", timeout=seconds).brokers]
    except KafkaException:
        return False
    found = _settings(admin, ResourceType.BROKER, brokers[:1], "auto.create.topics.enable", seconds)
    return "true" in found.values()


def _settings(admin: AdminClient, kind: ResourceType, names: list[str], key: str, seconds: float) -> dict[str, str]:
    """A setting of topics or of one broker, by their names, where it may be seen."""
    found: dict[str, str] = {}
    if not names:
        return found
    asked = admin.describe_configs([ConfigResource(kind, name) for name in names], request_timeout=seconds)
    for resource, future in asked.items():
        try:
            entry = future.result(seconds + 1).get(key)
        except (KafkaException, TimeoutError):
            continue
        if entry is not None and entry.value is not None:
            found[str(resource.name)] = entry.value
    return found
