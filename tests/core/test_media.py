"""Which bodies are read, and as what."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.head import Head
from eventgate.core.limits import Limits
from eventgate.core.media import Form, Media
from eventgate.errors import UnsupportedMedia


def media(*fields: tuple[bytes, bytes]) -> Media:
    """What the header fields say; raises `UnsupportedMedia`."""
    found = Head(fields).media()
    found.check()
    return found


def typed(*values: bytes) -> Media:
    return media(*((b"content-type", value) for value in values))


@pytest.mark.parametrize(
    "value",
    [
        b"application/json",
        b"Application/JSON; charset=UTF-8",
        b'application/json;charset="utf-8"',
        b'application/json;profile="a;charset=x"',
        b'application/json;profile="a\\";charset=x";charset=utf-8',
        b'application/json;profile="never closed;charset=x',
        b"application/vnd.acme.run+json",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"application/octet-stream",
        b"",
    ],
)
def test_media_types_that_are_read_as_one_event(value: bytes) -> None:
    assert typed(value) == Media(Form.EVENT)


def test_no_media_type_is_read_as_one_event() -> None:
    assert media() == Media(Form.EVENT)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (b"application/x-ndjson", Form.LINES),
        (b"Application/X-NDJSON;charset=utf-8", Form.LINES),
        (b"application/cloudevents+json", Form.STRUCTURED),
        (b"application/cloudevents+json; charset=UTF-8", Form.STRUCTURED),
        (b"application/cloudevents-batch+json", Form.CLOUDEVENTS),
    ],
)
def test_media_types_of_batches_and_cloudevents(value: bytes, form: Form) -> None:
    assert typed(value) == Media(form)


@pytest.mark.parametrize(
    "value",
    [
        b"application/xml",
        b"text/html",
        b"application/json; charset=latin-1",
        b"application/json; charset=utf-16",
        b'application/json;profile="a;b";charset="utf-16"',
        b'application/json;profile=a"b;c"d;charset=x',
        b"application/x-ndjson; charset=latin-1",
        b"application/cloudevents-batch+json; charset=utf-16",
        b"application/cloudevents+avro",
        b"application/cloudevents",
        b"application/ndjson",
        b"+json",
        b"json",
        b"\xff\xfe",
        b"multipart/form-data; boundary=x",
    ],
)
def test_other_media_types_are_415(value: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        typed(value)


def test_two_content_types_that_differ_are_415() -> None:
    typed(b"application/json", b"application/json")
    with pytest.raises(UnsupportedMedia, match="two different"):
        typed(b"application/json", b"text/plain")


@pytest.mark.parametrize(
    ("values", "coding"),
    [
        ((b"gzip",), "gzip"),
        ((b" GZIP ",), "gzip"),
        ((b"x-gzip",), "gzip"),
        ((b"zstd",), "zstd"),
        ((b"identity",), None),
        ((b"",), None),
        ((b"identity, gzip",), "gzip"),
        ((b"identity", b"zstd"), "zstd"),
    ],
)
def test_a_body_may_be_compressed_once(values: tuple[bytes, ...], coding: str | None) -> None:
    """`x-gzip` is another name of gzip (RFC 9110, section 8.4.1.3)."""
    assert media(*((b"content-encoding", value) for value in values)).coding == coding


@pytest.mark.parametrize("values", [(b"br",), (b"deflate",), (b"gzip, zstd",), (b"gzip", b"gzip"), (b"gzip;q=1",)])
def test_other_codings_and_several_of_them_are_415(values: tuple[bytes, ...]) -> None:
    with pytest.raises(UnsupportedMedia, match="gzip"):
        media(*((b"content-encoding", value) for value in values))


def test_the_headers_of_a_cloudevent_make_one_event_of_binary_mode() -> None:
    for name in (b"ce-specversion", b"ce-id", b"ce-source", b"ce-type"):
        assert media((name, b"1")) == Media(Form.BINARY)
    assert media((b"ce-subject", b"1")) == Media(Form.EVENT)


def test_a_cloudevents_media_type_decides_over_its_headers() -> None:
    """HTTP binding, section 3: the mode is told by the Content-Type first."""
    headers = ((b"ce-id", b"1"), (b"ce-specversion", b"1.0"))
    assert media((b"content-type", b"application/cloudevents+json"), *headers) == Media(Form.STRUCTURED)
    assert media((b"content-type", b"application/cloudevents-batch+json"), *headers) == Media(Form.CLOUDEVENTS)
    with pytest.raises(UnsupportedMedia, match="one JSON event"):
        media((b"content-type", b"application/x-ndjson"), *headers)


def test_limits_are_those_of_what_the_body_is_and_leave_room_for_a_coding() -> None:
    limits = Limits(max_body_bytes=1000, max_batch_bytes=9000)
    assert [Media(form).body_limit(limits) for form in Form] == [1000, 1000, 1000, 9000, 9000]
    assert Media(Form.LINES, "gzip").content_limit(limits) == 9000
    assert Media(Form.LINES, "gzip").body_limit(limits) > 9000


def test_a_hostile_media_type_is_judged_in_no_time() -> None:
    """However often a quoted string begins in it and never ends."""
    began = time.thread_time()
    typed(b"application/json;" + b'"\\' * 15_000)
    assert time.thread_time() - began < 0.5


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"application/json", b";", b'charset="utf-8"']), max_size=4))
def test_any_content_type_is_one_that_is_read_or_415(parts: list[bytes]) -> None:
    for fields in ([(b"content-type", b"".join(parts))], [(b"content-type", part) for part in parts]):
        with suppress(UnsupportedMedia):
            assert media(*fields).form in Form
