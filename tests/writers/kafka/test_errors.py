"""Every code that librdkafka knows has a meaning here, and no reason or log line says where the brokers are."""

from __future__ import annotations

import logging

import pytest
from confluent_kafka import KafkaError

from eventgate.core.model import Outcome
from eventgate.writers.kafka.errors import (
    BEFORE_THE_APPEND,
    CLOSED,
    INFERRED,
    NO_ANSWER,
    NO_TIME,
    OF_THE_BATCH,
    QUEUE_FULL,
    REASONS,
    acknowledged,
    raised,
    reason,
    reported,
)
from eventgate.writers.kafka.logs import RedactedLog
from tests.project.sources import ROOT

NEVER_OF_A_PRODUCER = """
    NO_ERROR _APPLICATION _ASSIGNMENT_LOST _ASSIGN_PARTITIONS _AUTO_OFFSET_RESET _BAD_COMPRESSION _BAD_MSG _CONFLICT
    _CRIT_SYS_RESOURCE _EXISTING_SUBSCRIPTION _FAIL _FS _INTR _INVALID_TYPE _IN_PROGRESS _KEY_DESERIALIZATION
    _KEY_SERIALIZATION _LOG_TRUNCATION _MAX_POLL_EXCEEDED _NOENT _NOOP _NO_OFFSET _OUTDATED _PARTIAL _PARTITION_EOF
    _PREV_IN_PROGRESS _READ_ONLY _RETRY _REVOKE_PARTITIONS _UNDERFLOW _UNKNOWN_GROUP _UNKNOWN_PROTOCOL
    _VALUE_DESERIALIZATION _VALUE_SERIALIZATION _WAIT_COORD
    CONCURRENT_TRANSACTIONS DELEGATION_TOKEN_AUTHORIZATION_FAILED DELEGATION_TOKEN_AUTH_DISABLED
    DELEGATION_TOKEN_NOT_FOUND DELEGATION_TOKEN_OWNER_MISMATCH DELEGATION_TOKEN_REQUEST_NOT_ALLOWED DUPLICATE_RESOURCE
    DUPLICATE_VOTER ELECTION_NOT_NEEDED ELIGIBLE_LEADERS_NOT_AVAILABLE FEATURE_UPDATE_FAILED FENCED_INSTANCE_ID
    FENCED_MEMBER_EPOCH FENCED_STATE_EPOCH FETCH_SESSION_ID_NOT_FOUND GROUP_AUTHORIZATION_FAILED GROUP_ID_NOT_FOUND
    GROUP_MAX_SIZE_REACHED GROUP_SUBSCRIBED_TO_TOPIC ILLEGAL_GENERATION INCONSISTENT_GROUP_PROTOCOL
    INCONSISTENT_VOTER_SET INVALID_COMMIT_OFFSET_SIZE INVALID_FETCH_SESSION_EPOCH INVALID_GROUP_ID INVALID_PARTITIONS
    INVALID_PRINCIPAL_TYPE INVALID_RECORD_STATE INVALID_REGISTRATION INVALID_REGULAR_EXPRESSION
    INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT INVALID_SESSION_TIMEOUT INVALID_SHARE_SESSION_EPOCH
    INVALID_TRANSACTION_TIMEOUT INVALID_TXN_STATE INVALID_UPDATE_VERSION INVALID_VOTER_KEY LISTENER_NOT_FOUND
    MEMBER_ID_REQUIRED MISMATCHED_ENDPOINT_TYPE NON_EMPTY_GROUP NO_REASSIGNMENT_IN_PROGRESS OFFSET_METADATA_TOO_LARGE
    OFFSET_NOT_AVAILABLE OFFSET_OUT_OF_RANGE OPERATION_NOT_ATTEMPTED PREFERRED_LEADER_NOT_AVAILABLE
    PRINCIPAL_DESERIALIZATION_FAILURE REASSIGNMENT_IN_PROGRESS REBALANCE_IN_PROGRESS RESOURCE_NOT_FOUND
    SHARE_SESSION_LIMIT_REACHED SHARE_SESSION_NOT_FOUND STALE_MEMBER_EPOCH STREAMS_INVALID_TOPOLOGY
    STREAMS_INVALID_TOPOLOGY_EPOCH STREAMS_TOPOLOGY_FENCED TELEMETRY_TOO_LARGE TOPIC_ALREADY_EXISTS
    TOPIC_DELETION_DISABLED TRANSACTION_ABORTABLE TRANSACTION_COORDINATOR_FENCED UNKNOWN_CONTROLLER_ID
    UNKNOWN_MEMBER_ID UNKNOWN_SUBSCRIPTION_ID UNRELEASED_INSTANCE_ID UNSTABLE_OFFSET_COMMIT UNSUPPORTED_ASSIGNOR
    UNSUPPORTED_ENDPOINT_TYPE VOTER_NOT_FOUND
"""
"""Codes of consumers, groups, transactions and administration; of local files and serializers that the gate has not."""

LINES = (
    "FAIL [rdkafka#producer-1] [thrd:b1.example:9092/1]: b1.example:9092/1: Connect to ipv4#192.0.2.7:9092 failed:"
    " Connection refused",
    "FAIL [rdkafka#producer-1] [thrd:sasl_ssl://b1.example:9092/bootstrap]: sasl_ssl://b1.example:9092/bootstrap:"
    " SASL authentication error: Authentication failed for user example-user",
    "SSL [rdkafka#producer-2] [thrd:app]: fopen(/etc/example/client.pem, r)",
    "whatever b1.example says next year",
    "",
)


def codes() -> list[str]:
    return sorted(name for name, value in vars(KafkaError).items() if isinstance(value, int) and name.isupper())


def test_every_code_is_known() -> None:
    """A library that brings a new one fails here, and somebody decides what it means."""
    assert len(codes()) > 150
    assert set(codes()) == set(REASONS) | set(NEVER_OF_A_PRODUCER.split())
    assert not set(REASONS) & set(NEVER_OF_A_PRODUCER.split())


def test_every_reason_is_documented() -> None:
    """And so is every code that makes a certain failure."""
    page = (ROOT / "docs" / "kafka.md").read_text()
    own = (CLOSED, QUEUE_FULL, NO_TIME, NO_ANSWER, INFERRED)
    assert {
        text for text in (*REASONS.values(), *(str(each.reason) for each in own)) if f"| {text} |" not in page
    } == set()
    assert {code for code in BEFORE_THE_APPEND if code.removeprefix("_") not in page} == set()


def test_only_the_fixed_list_means_that_an_event_is_certainly_not_there() -> None:
    """Whatever else ends a delivery, the event may be in Kafka."""
    assert set(REASONS) >= BEFORE_THE_APPEND >= OF_THE_BATCH
    for code in codes():
        outcome = reported(code, first_attempt=True, alone=False).outcome
        assert outcome is (Outcome.FAILED if code in BEFORE_THE_APPEND else Outcome.UNKNOWN)


@pytest.mark.parametrize("code", sorted(BEFORE_THE_APPEND))
def test_a_refusal_that_may_not_be_of_the_first_attempt_leaves_it_open(code: str) -> None:
    """The answer to the first may have been lost, and with it that the event was taken."""
    assert reported(code, first_attempt=False, alone=True).outcome is Outcome.UNKNOWN


def test_what_is_said_of_a_batch_is_said_of_an_event_that_was_alone() -> None:
    """It can never be taken; in a batch it may be another's fault."""
    for code in OF_THE_BATCH:
        assert reported(code, first_attempt=True, alone=True).outcome is Outcome.REFUSED


def test_what_was_not_taken_is_not_there() -> None:
    """`produce()` raised: librdkafka has no part of it."""
    assert {raised(code).outcome for code in codes()} == {Outcome.FAILED, Outcome.REFUSED}
    assert raised("MSG_SIZE_TOO_LARGE").outcome is Outcome.REFUSED


@pytest.mark.parametrize(("partition", "offset"), [(0, None), (0, -1), (0, -1001), (None, 7)])
def test_what_librdkafka_calls_delivered_without_an_offset_may_not_be_there(
    partition: int | None, offset: int | None
) -> None:
    """It infers that from a later message. Brokers that restart were seen to hold the later one only."""
    assert acknowledged("t", partition, offset) == INFERRED
    assert INFERRED.outcome is Outcome.UNKNOWN


def test_what_has_an_offset_is_there() -> None:
    result = acknowledged("t", 0, 0)
    assert (result.outcome, result.position) == (Outcome.DELIVERED, {"topic": "t", "partition": 0, "offset": 0})


def test_a_code_of_tomorrow_has_a_reason_too() -> None:
    """It names itself."""
    assert reason("_BRAND_NEW") == "librdkafka reports an error (BRAND_NEW)"


def test_log_lines_keep_their_kind_and_lose_everything_else(caplog: pytest.LogCaptureFixture) -> None:
    """No host, user or file of librdkafka's lines comes through."""
    caplog.set_level(logging.DEBUG, "eventgate.kafka")
    log = RedactedLog("kafka")
    for line in LINES:
        log.log(logging.ERROR, "%s", line)
    text = caplog.text
    assert "FAIL: a connection was refused" in text
    assert "FAIL: a broker did not accept the credentials" in text
    for secret in ("example", "192.0.2.7", "9092", ".pem"):
        assert secret not in text


def test_a_line_is_not_repeated_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """librdkafka writes one for each attempt, twenty a second."""
    caplog.set_level(logging.DEBUG, "eventgate.kafka")
    log = RedactedLog("kafka")
    for _ in range(100):
        log.log(logging.ERROR, "%s", LINES[0])
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING
