"""Event ids and correlation ids."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest

from eventgate.core import ids


def test_a_uuid7_says_its_version_and_its_time_and_is_ordered_by_it() -> None:
    before = time.time_ns() // 1_000_000
    value = uuid.UUID(ids.uuid7())
    after = time.time_ns() // 1_000_000
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert before <= value.int >> 80 <= after


@pytest.mark.parametrize(("make", "version"), [(ids.uuid4, 4), (ids.uuid7, 7)])
def test_made_uuids_are_well_formed_and_differ(make: Callable[[], str], version: int) -> None:
    made = {make() for _ in range(10_000)}
    assert len(made) == 10_000
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {(version, uuid.RFC_4122)}
    assert {str(uuid.UUID(each)) for each in made} == made


def test_the_first_good_offer_is_the_correlation_id() -> None:
    assert ids.correlation_id(b"abc-1:2._", b"other") == "abc-1:2._"
    assert ids.correlation_id(None, b"other") == "other"


@pytest.mark.parametrize("offer", [b"", b"a b", b"a\n", b"a" * 129, b"\xc3\xa9", b'{"a":1}', b"a\r\nx: y"])
def test_an_offer_that_could_forge_a_log_line_is_replaced(offer: bytes) -> None:
    assert uuid.UUID(ids.correlation_id(offer))


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("ü" * 255, True), ("a b/c", True), ("", False), ("a" * 256, False), ("a\x00", False), ("a\n", False),
     ("\x7f", False), ("\x85", False)],
)  # fmt: skip
def test_an_event_id_has_1_to_255_characters_and_no_control_character(text: str, good: bool) -> None:
    assert ids.is_event_id(text) is good
