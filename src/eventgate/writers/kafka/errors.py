"""What Kafka's and librdkafka's error codes mean for an event: a reason, and whether it is certainly not there.

librdkafka's own texts are never shown: they hold hosts, users and file names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from eventgate.core.model import Outcome, WriteResult

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

_TOPIC: Final = "Kafka has no such topic"
_LARGE: Final = "the message is larger than the Kafka topic allows"
_RECORD: Final = "the Kafka topic does not take the message (one that is compacted needs a key)"
_DENIED: Final = "the cluster's access rules do not allow it"
_CREDENTIALS: Final = "the brokers do not accept the credentials"
_UNREACHABLE: Final = "no Kafka broker can be reached"
_SILENT: Final = "no acknowledgement from Kafka in time"
_REPLICAS: Final = "too few replicas of the partition are in sync"
_MOVING: Final = "the partition has no leader at the moment"
_BROKER: Final = "the Kafka broker reports a fault of its own"
_PRODUCER: Final = "the Kafka producer had to be replaced"
_FORMAT: Final = "the Kafka brokers do not support what the producer is set to do"
_FULL: Final = "the Kafka producer's queue is full"
_ODD: Final = "librdkafka reports an error"

REASONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION", "UNKNOWN_TOPIC_ID"), _TOPIC),
    **dict.fromkeys(("INCONSISTENT_TOPIC_ID", "TOPIC_EXCEPTION"), _TOPIC),
    **dict.fromkeys(("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_MSG_SIZE"), _LARGE),
    **dict.fromkeys(("INVALID_RECORD", "_INVALID_DIFFERENT_RECORD", "INVALID_TIMESTAMP", "POLICY_VIOLATION"), _RECORD),
    **dict.fromkeys(("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "SECURITY_DISABLED"), _DENIED),
    **dict.fromkeys(("TRANSACTIONAL_ID_AUTHORIZATION_FAILED",), _DENIED),
    **dict.fromkeys(("_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNACCEPTABLE_CREDENTIAL"), _CREDENTIALS),
    **dict.fromkeys(("UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE", "DELEGATION_TOKEN_EXPIRED"), _CREDENTIALS),
    **dict.fromkeys(("_TRANSPORT", "_ALL_BROKERS_DOWN", "BROKER_NOT_AVAILABLE", "NETWORK_EXCEPTION"), _UNREACHABLE),
    **dict.fromkeys(("_DESTROY_BROKER", "_UNKNOWN_BROKER", "REBOOTSTRAP_REQUIRED", "_NODE_UPDATE"), _UNREACHABLE),
    **dict.fromkeys(("_MSG_TIMED_OUT", "_TIMED_OUT", "_TIMED_OUT_QUEUE", "REQUEST_TIMED_OUT"), _SILENT),
    **dict.fromkeys(("_PURGE_QUEUE", "_PURGE_INFLIGHT"), _SILENT),
    **dict.fromkeys(("NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "_ISR_INSUFF"), _REPLICAS),
    **dict.fromkeys(("LEADER_NOT_AVAILABLE", "NOT_LEADER_FOR_PARTITION", "REPLICA_NOT_AVAILABLE"), _MOVING),
    **dict.fromkeys(("FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH", "_WAIT_CACHE"), _MOVING),
    **dict.fromkeys(("COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR"), _MOVING),
    **dict.fromkeys(("UNKNOWN", "KAFKA_STORAGE_ERROR", "INVALID_MSG", "LOG_DIR_NOT_FOUND"), _BROKER),
    **dict.fromkeys(("THROTTLING_QUOTA_EXCEEDED", "STALE_CTRL_EPOCH", "STALE_BROKER_EPOCH", "NOT_CONTROLLER"), _BROKER),
    **dict.fromkeys(("_FATAL", "_GAPLESS_GUARANTEE", "_FENCED", "_INCONSISTENT", "_STATE", "_DESTROY"), _PRODUCER),
    **dict.fromkeys(("OUT_OF_ORDER_SEQUENCE_NUMBER", "DUPLICATE_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID"), _PRODUCER),
    **dict.fromkeys(("INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED", "INVALID_PRODUCER_ID_MAPPING"), _PRODUCER),
    **dict.fromkeys(("INVALID_REQUIRED_ACKS", "UNSUPPORTED_VERSION", "UNSUPPORTED_FOR_MESSAGE_FORMAT"), _FORMAT),
    **dict.fromkeys(("UNSUPPORTED_COMPRESSION_TYPE", "INVALID_REQUEST", "_UNSUPPORTED_FEATURE"), _FORMAT),
    **dict.fromkeys(("_NOT_CONFIGURED", "_NOT_IMPLEMENTED", "_INVALID_ARG", "INVALID_CONFIG"), _FORMAT),
    "_QUEUE_FULL": _FULL,
    "_RESOLVE": "the brokers' names cannot be resolved",
    "_SSL": "no TLS connection to the brokers can be made",
}
"""For every code that a producer may meet (librdkafka, `rd_kafka_resp_err_t`; Kafka protocol guide, "Error Codes")."""

BEFORE_THE_APPEND: Final = frozenset(
    {
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
        "_UNKNOWN_PARTITION",
        "TOPIC_EXCEPTION",
        "MSG_SIZE_TOO_LARGE",
        "RECORD_LIST_TOO_LARGE",
        "INVALID_RECORD",
        "_INVALID_DIFFERENT_RECORD",
        "INVALID_TIMESTAMP",
        "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "INVALID_REQUIRED_ACKS",
        "UNSUPPORTED_FOR_MESSAGE_FORMAT",
        "UNSUPPORTED_COMPRESSION_TYPE",
    }
)
"""A broker that answers so has looked at the batch and not appended it; librdkafka tries none of them again.

The underscored ones are librdkafka's: the cluster's metadata says that there is no such topic or partition.
"""

OF_THE_BATCH: Final = frozenset(
    {"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "_INVALID_DIFFERENT_RECORD"}
)
"""One message among others brings these upon all of its batch: who is guilty shows when each is sent by itself."""

NO_TOPIC: Final = frozenset({"_UNKNOWN_TOPIC", "UNKNOWN_TOPIC_OR_PART"})
"""There is no such topic, or not yet."""

OF_THE_TOPIC: Final = NO_TOPIC | {"TOPIC_AUTHORIZATION_FAILED"}
"""librdkafka remembers these of a topic, and takes nothing for it until metadata says otherwise."""

OF_THE_CREDENTIALS: Final = frozenset({"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "_SSL"})
"""A password, a key or a certificate may have been replaced since it was read."""

CLOSED: Final = WriteResult(Outcome.FAILED, reason="the writer is closed")
QUEUE_FULL: Final = WriteResult(Outcome.FAILED, reason="too many events wait for Kafka")
NO_TIME: Final = WriteResult(Outcome.FAILED, reason="no time was left")
NO_ANSWER: Final = WriteResult(Outcome.UNKNOWN, reason=_SILENT)
INFERRED: Final = WriteResult(Outcome.UNKNOWN, reason="Kafka has acknowledged a later message, but not this one")


def code_of(error: KafkaError) -> str:
    """The name of an error's code, as `_MSG_TIMED_OUT`."""
    return error.name()


def reason(code: str) -> str:
    """What a code says, for people, and its name to look it up by."""
    return f"{REASONS.get(code, _ODD)} ({code.removeprefix('_')})"


def acknowledged(topic: str, partition: int | None, offset: int | None) -> WriteResult:
    """The result of an event that librdkafka reports as delivered.

    Without an offset no broker has said so: librdkafka infers it where a later message of the partition was
    acknowledged. A broker that has just come to lead the partition may have turned the earlier one away and taken the
    later one, since it knows nothing of the producer's numbers yet (KIP-360).
    """
    if partition is None or offset is None or offset < 0:
        return INFERRED
    return WriteResult(Outcome.DELIVERED, {"topic": topic, "partition": partition, "offset": offset})


def raised(code: str) -> WriteResult:
    """The result of an event that `produce()` did not take: it is certainly not there."""
    return WriteResult(Outcome.REFUSED if code == "MSG_SIZE_TOO_LARGE" else Outcome.FAILED, reason=reason(code))


def reported(code: str, *, first_attempt: bool, alone: bool) -> WriteResult:
    """The result of an event whose delivery report says `code`.

    `first_attempt`: nothing hints at an earlier attempt, whose answer might have been lost. `alone`: no other event
    shared its batch, so that what the broker says of the batch is said of the event.
    """
    if code not in BEFORE_THE_APPEND or not first_attempt:
        return WriteResult(Outcome.UNKNOWN, reason=reason(code))
    guilty = alone and code in OF_THE_BATCH
    return WriteResult(Outcome.REFUSED if guilty else Outcome.FAILED, reason=reason(code))
