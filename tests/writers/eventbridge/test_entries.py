"""What stands on an entry, how its bytes are counted, and what EventBridge never takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.model import Event, Unacceptable
from eventgate.testing import make_event
from eventgate.writers.eventbridge.entries import MAX_ENTRIES, Entry, compose, refusal, requests, trace_header
from eventgate.writers.eventbridge.settings import EventBridgeTopicSettings
from tests.writers.eventbridge.buses import ARN, settings


def entry(event: Event, **given: Any) -> Entry:
    composed = compose(event, "eventbridge", settings(**given))
    assert isinstance(composed, Entry)
    return composed


def refused(event: Event, **given: Any) -> Unacceptable:
    objection = refusal(event, "eventbridge", settings(**given))
    assert objection is not None
    return objection


def test_an_entry_holds_the_events_own_bytes_and_little_else() -> None:
    event = make_event(body=b'{"price": 1.10, "e": "\xc3\xa9"}', topic="orders", received_at=1.5)
    assert entry(event).members == {
        "EventBusName": ARN,
        "Source": "orders",
        "DetailType": "JSON",
        "Detail": '{"price": 1.10, "e": "é"}',
        "Time": 1.5,
    }


def test_a_topic_may_say_otherwise_than_its_writer() -> None:
    own = EventBridgeTopicSettings(source="shop", detail_type="Order", resources=())
    event = make_event(options={"eventbridge": own})
    members = entry(event, source="all", detail_type="/order", resources=("arn:a",)).members
    assert (members["Source"], members["DetailType"], "Resources" in members) == ("shop", "Order", False)


@pytest.mark.parametrize(("value", "text"), [("Placed", "Placed"), (5, "5"), (True, "true")])
def test_a_detail_type_may_come_from_the_event(value: object, text: str) -> None:
    assert entry(make_event({"a": {"b": value}}), detail_type="/a/b").members["DetailType"] == text


@pytest.mark.parametrize("value", [None, 1.5, {}, [], "", "x" * 129])
def test_an_event_without_a_usable_detail_type_is_refused(value: object) -> None:
    """Rules go by the detail type: under another one the event would be lost in silence."""
    assert refused(make_event({"type": value}), detail_type="/type").pointer == "/type"
    assert refused(make_event({}), detail_type="/type").pointer == "/type"


def test_bytes_are_counted_as_aws_counts_them() -> None:
    """14 for the time, and the UTF-8 of source, detail type, detail and each resource."""
    event = make_event(body='{"e": "é"}'.encode(), topic="tö")
    assert entry(event, detail_type="Ä", resources=("arn:1", "arn:22")).size == 14 + 3 + 2 + 11 + 5 + 6


def test_an_event_is_refused_from_the_first_byte_too_many() -> None:
    room = 1024 - 14 - len("orders") - len("JSON") - len('{"a":""}')
    fits, too_large = (make_event({"a": "x" * length}) for length in (room, room + 1))
    assert refusal(fits, "eventbridge", settings(max_request_bytes=1024)) is None
    assert refused(too_large, max_request_bytes=1024).too_large


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null"])
def test_only_objects_are_taken(body: bytes) -> None:
    assert "objects only" in refused(make_event(body=body)).message


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (b'{"a": 9223372036854775807}', True),
        (b'{"a": -9223372036854775808}', True),
        (b'{"a": 9223372036854775808}', False),
        (b'{"a": [{"b": -9223372036854775809}]}', False),
        (b'{"a": "9223372036854775808"}', True),
        (b'{"a": 9223372036854775808.5}', True),
    ],
)
def test_integers_beyond_64_bits_are_refused(body: bytes, taken: bool) -> None:
    """EventBridge API reference, PutEvents."""
    assert (refusal(make_event(body=body), "eventbridge", settings()) is None) == taken


def test_sources_of_aws_itself_are_refused() -> None:
    assert "aws." in refused(make_event(topic="aws.things")).message
    assert refusal(make_event(topic="aws.things"), "eventbridge", settings(source="shop")) is None


@pytest.mark.parametrize(
    ("traceparent", "header"),
    [
        (None, None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", None),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1",
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=0",
        ),
    ],
)
def test_a_trace_goes_on_as_x_ray_writes_it(traceparent: str | None, header: str | None) -> None:
    assert trace_header(traceparent) == header
    assert entry(make_event(traceparent=traceparent)).members.get("TraceHeader") == header


@given(st.lists(st.integers(1, 1000)), st.integers(1000, 3000))
def test_requests_hold_all_entries_in_order_and_no_more_than_aws_takes(sizes: list[int], limit: int) -> None:
    numbered = [(number, Entry({}, size)) for number, size in enumerate(sizes)]
    cut = list(requests(numbered, limit))
    assert [each for request in cut for each in request] == numbered
    assert all(0 < len(request) <= MAX_ENTRIES for request in cut)
    assert all(sum(entry.size for _, entry in request) <= limit for request in cut)
