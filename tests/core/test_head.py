"""What the gate reads of a request's header."""

from __future__ import annotations

import pytest

from eventgate.core.head import Head
from eventgate.errors import HeadersTooLarge


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
