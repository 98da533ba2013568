"""What the gate reads of a request's header."""

from __future__ import annotations

import time

import pytest

from eventgate.core.head import Head
from eventgate.errors import HeadersTooLarge, UnsupportedMedia


def media(*values: bytes) -> Head:
    return Head([(b"content-type", value) for value in values])


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
def test_media_types_that_are_read_as_json(value: bytes) -> None:
    media(value).check_media()


def test_no_media_type_is_read_as_json() -> None:
    Head([]).check_media()


@pytest.mark.parametrize(
    "value",
    [
        b"application/xml",
        b"text/html",
        b"application/json; charset=latin-1",
        b"application/json; charset=utf-16",
        b'application/json;profile="a;b";charset="utf-16"',
        b'application/json;profile=a"b;c"d;charset=x',
        b"+json",
        b"json",
        b"application/x-ndjson",
        b"application/cloudevents+json",
        b"application/cloudevents-batch+json",
        b"\xff\xfe",
        b"multipart/form-data; boundary=x",
    ],
)
def test_other_media_types_are_415(value: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        media(value).check_media()


def test_two_content_types_that_differ_are_415() -> None:
    media(b"application/json", b"application/json").check_media()
    with pytest.raises(UnsupportedMedia, match="two different"):
        media(b"application/json", b"text/plain").check_media()


@pytest.mark.parametrize("coding", [b"gzip", b"zstd", b"br", b"identity, gzip"])
def test_content_codings_are_415(coding: bytes) -> None:
    with pytest.raises(UnsupportedMedia, match="uncompressed"):
        Head([(b"content-encoding", coding)]).check_media()


def test_a_cloud_event_in_binary_mode_is_415_rather_than_read_without_its_id() -> None:
    with pytest.raises(UnsupportedMedia, match="CloudEvents"):
        Head([(b"ce-specversion", b"1.0"), (b"ce-id", b"7")]).check_media()


def test_too_many_fields_and_too_many_bytes_are_431() -> None:
    Head([(b"a", b"b")] * 128).check_size()
    with pytest.raises(HeadersTooLarge, match="128 header fields"):
        Head([(b"a", b"b")] * 129).check_size()
    with pytest.raises(HeadersTooLarge, match="32768 bytes"):
        Head([(b"a", b"b" * 32768)]).check_size()


def test_every_value_of_a_field_is_kept_in_order() -> None:
    head = Head([(b"bearer", b"1"), (b"host", b"x"), (b"bearer", b"2")])
    assert head.all(b"bearer") == [b"1", b"2"]
    assert head.first(b"bearer") == b"1"
    assert head.first(b"authorization") is None


def test_a_hostile_media_type_is_judged_in_no_time() -> None:
    """However often a quoted string begins in it and never ends."""
    began = time.process_time()
    media(b"application/json;" + b'"\\' * 15_000).check_media()
    assert time.process_time() - began < 0.5
