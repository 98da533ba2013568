"""CloudEvents: the event and its id are found, and what is missing is said with its place."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.cloudevents import HEADERS, id_in_headers, unwrap
from eventgate.errors import InvalidEvent, InvalidJson, UnsupportedMedia

GOOD: dict[str, Any] = {"specversion": "1.0", "id": "e-1", "source": "/s", "type": "t", "data": {"a": 1}}


def envelope(**changes: Any) -> bytes:
    """A CloudEvent with members changed; `...` takes one out."""
    members = {**GOOD, **changes}
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


def test_the_event_is_the_data_as_it_stands_there() -> None:
    data = b'{"b": 12345678901234567890123, "a":1.10 }'
    found = unwrap(b'{"id":"e-1", "data" :\n %b ,"type":"t","source":"s","specversion":"1.0"}' % data, 64)
    assert found.event_id == "e-1"
    assert found.body == data
    assert found.document == {"b": 12345678901234567890123, "a": 1.1}


@pytest.mark.parametrize("data", [{}, [], 0, False, None, "", "text", [{"a": [1]}]])
def test_any_json_may_be_the_event(data: Any) -> None:
    found = unwrap(envelope(data=data), 64)
    assert (found.document, json.loads(found.body)) == (data, data)


def test_other_members_may_be_there_and_go_no_further() -> None:
    found = unwrap(envelope(subject="x", time="2026-01-01T00:00:00Z", dataschema="urn:x", data_base64=None, ext=1), 64)
    assert found.document == {"a": 1}


@pytest.mark.parametrize(
    ("changes", "pointer", "property_"),
    [
        ({"specversion": ...}, "", "specversion"),
        ({"specversion": "0.3"}, "/specversion", None),
        ({"specversion": 1.0}, "/specversion", None),
        ({"id": ...}, "", "id"),
        ({"id": None}, "", "id"),
        ({"id": ""}, "/id", None),
        ({"id": 7}, "/id", None),
        ({"id": "a\x00b"}, "/id", None),
        ({"id": "x" * 256}, "/id", None),
        ({"source": ...}, "", "source"),
        ({"source": ""}, "/source", None),
        ({"type": ...}, "", "type"),
        ({"type": []}, "/type", None),
        ({"data": ...}, "", "data"),
        ({"data_base64": "e30="}, "/data_base64", None),
        ({"data": ..., "data_base64": "e30="}, "/data_base64", None),
    ],
)
def test_what_is_wrong_with_a_cloudevent_is_said_with_its_place(
    changes: dict[str, Any], pointer: str, property_: str | None
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        unwrap(envelope(**changes), 64)
    (problem,) = caught.value.problems
    assert (problem.type, problem.pointer, problem.property) == ("validation", pointer, property_)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidEvent) as caught:
        unwrap(b'{"id":"","specversion":"2"}', 64)
    assert [(each.pointer, each.property) for each in caught.value.problems] == [
        ("/specversion", None),
        ("/id", None),
        ("", "source"),
        ("", "type"),
        ("", "data"),
    ]


@pytest.mark.parametrize("document", [b"[]", b"7", b'"text"', b"null"])
def test_what_is_no_object_is_no_cloudevent(document: bytes) -> None:
    with pytest.raises(InvalidEvent, match="schema"):
        unwrap(document, 64)


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "application/vnd.x+json", None]
)
def test_data_that_is_json_by_its_media_type_is_taken(media: str | None) -> None:
    assert unwrap(envelope(datacontenttype=media), 64).document == {"a": 1}


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/json; charset=latin-1", "", 7])
def test_data_of_another_media_type_is_415(media: Any) -> None:
    with pytest.raises(UnsupportedMedia, match="datacontenttype"):
        unwrap(envelope(datacontenttype=media), 64)


@pytest.mark.parametrize(
    "raw",
    [
        envelope()[:-1] + b',"id":"e-2"}',
        envelope()[:-1] + b',"\\u0069d":"e-2"}',
        envelope()[:-1] + b',"data":1}',
        envelope()[:-1] + b',"ext":{"a":1,"a":2}}',
        envelope().replace(b'{"a": 1}', b'{"a": 1, "a": 1}'),
        envelope().replace(b'{"a": 1}', b"NaN"),
        envelope()[:-1],
        b"",
    ],
)
def test_a_cloudevent_is_strict_json_in_all_its_parts(raw: bytes) -> None:
    with pytest.raises(InvalidJson):
        unwrap(raw, 64)


def test_the_depth_that_counts_is_the_events_own() -> None:
    deep = b"[" * 5 + b"]" * 5
    assert unwrap(envelope().replace(b'{"a": 1}', deep), 5).body == deep
    with pytest.raises(InvalidJson):
        unwrap(envelope().replace(b'{"a": 1}', deep), 4)


def fields(**values: bytes) -> dict[bytes, list[bytes]]:
    """The header fields of a good CloudEvent, some of them changed."""
    return {name: [values.get(name[3:].decode(), b"1.0")] for name in HEADERS}


@given(event_id=st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60))
def test_a_header_is_percent_decoded_once(event_id: str) -> None:
    assert id_in_headers(fields(id=quote(event_id, safe="").encode())) == event_id


@pytest.mark.parametrize(
    ("sent", "read"),
    [(b"a", "a"), (b" a ", "a"), (b'"a b"', "a b"), (b'"a\\"b\\\\"', 'a"b\\'), (b"%25%34", "%4"), ("ž".encode(), "ž")],
)
def test_a_header_may_be_quoted_or_plain(sent: bytes, read: str) -> None:
    assert id_in_headers(fields(id=sent)) == read


@pytest.mark.parametrize("sent", [b"", b"%00", b"%ff", b"\xff", b"x" * 256, b'""'])
def test_an_id_in_the_header_that_no_event_can_have_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidEvent) as caught:
        id_in_headers(fields(id=sent))
    assert caught.value.problems[0].message.startswith("ce-id must be")


def test_headers_that_are_missing_or_there_twice_are_named() -> None:
    with pytest.raises(InvalidEvent) as caught:
        id_in_headers({b"ce-id": [b"1", b"2"], b"ce-type": [b"t", b"t"], b"ce-specversion": [b"0.3"]})
    assert [each.message.split()[0] for each in caught.value.problems] == ["ce-specversion", "ce-id", "ce-source"]
