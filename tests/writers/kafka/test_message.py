"""What of an event Kafka can never take is known before anything is written."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaException, Producer
from hypothesis import given
from hypothesis import strategies as st

from eventgate.testing import make_event
from eventgate.writers.kafka.message import headers_of, refuse, wire_bytes
from tests.writers.kafka.support import kafka_writer

LIMIT = 2000


@pytest.fixture(scope="module")
def librdkafka() -> Producer:
    """One that goes nowhere, with a small limit."""
    return Producer({"bootstrap.servers": "127.0.0.1:1", "message.max.bytes": LIMIT, "log_level": 0})


def takes(producer: Producer, key: bytes | None, value: bytes, headers: dict[str, bytes]) -> bool:
    try:
        producer.produce("t", value, key, headers=headers)  # type: ignore[arg-type]
    except KafkaException:
        return False
    producer.purge()
    return True


sizes = st.integers(0, 300)


@given(st.none() | sizes, st.lists(st.tuples(st.integers(1, 130), sizes), max_size=5), st.integers(-2, 2))
def test_sizes_are_counted_as_librdkafka_counts(
    librdkafka: Producer, key: int | None, headers: list[tuple[int, int]], off: int
) -> None:
    """To the byte."""
    keys = None if key is None else b"k" * key
    named = {f"{index}{'h' * name}": b"v" * value for index, (name, value) in enumerate(headers)}
    room = LIMIT - wire_bytes(keys, b"", named) + off
    if room >= 0:
        assert takes(librdkafka, keys, b"x" * room, named) == (off <= 0)


def test_an_event_at_the_limit_is_taken_and_one_past_it_is_not() -> None:
    """As 413."""
    event = make_event(body=b'"x"', key="k", topic="orders")
    size = wire_bytes(b"k", event.body, headers_of(event, subject=True))
    assert refuse(event, "orders", subject=True, max_bytes=size) is None
    refusal = refuse(event, "orders", subject=True, max_bytes=size - 1)
    assert refusal is not None
    assert refusal.too_large


def test_the_limit_is_the_producers() -> None:
    """A million bytes unless `message.max.bytes` says otherwise; key and headers count."""
    large = make_event(body=b'"' + b"x" * 999_990 + b'"')
    assert kafka_writer("b:9092").refuse(large) is not None
    assert kafka_writer("b:9092", {"message.max.bytes": 1_048_576}).refuse(large) is None


@pytest.mark.parametrize("topic", ["with space", "ümlaut", "x" * 250, ".", "..", "a/b"])
def test_a_name_that_kafka_cannot_have_is_refused(topic: str) -> None:
    """The EventGate topic's, where no other is set."""
    refusal = kafka_writer("b:9092").refuse(make_event(topic=topic))
    assert refusal is not None
    assert not refusal.too_large


def test_lone_surrogates_are_refused() -> None:
    """They cannot be UTF-8."""
    writer = kafka_writer("b:9092")
    for event in (make_event(event_id="\ud800"), make_event(subject="\udfff"), make_event(key="\ud800")):
        assert writer.refuse(event) is not None
