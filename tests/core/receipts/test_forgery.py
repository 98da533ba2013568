"""No receipt that is not whole, ours and unchanged is ever opened, and none that is sent ever raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.receipts import scope_of
from eventgate.core.receipts.content import compose, encode
from eventgate.core.receipts.ring import MAX_CHARACTERS, sign
from tests.core.receipts.receipt_support import (
    ALPHABET,
    KEYS,
    RESULTS,
    SCOPE,
    TARGETS,
    batch,
    batch_scope,
    receipt,
    ring,
)

TEXT = receipt().encode()
RAW = base64.urlsafe_b64decode(TEXT + b"=" * (-len(TEXT) % 4))


def is_opened(text: bytes) -> bool:
    return ring().open(text, SCOPE, TARGETS) is not None


def as_text(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def test_it_opens_as_it_was_issued() -> None:
    """Or the rest of this page would say nothing."""
    assert is_opened(TEXT)
    assert as_text(RAW) == TEXT


def test_no_character_can_be_exchanged() -> None:
    """Not even one whose bits stand for nothing, at the end."""
    for position in range(len(TEXT)):
        for other in ALPHABET:
            changed = TEXT[:position] + bytes((other,)) + TEXT[position + 1 :]
            assert is_opened(changed) == (changed == TEXT)


def test_no_bit_can_be_flipped() -> None:
    for position in range(len(RAW)):
        for bit in range(8):
            changed = bytearray(RAW)
            changed[position] ^= 1 << bit
            assert not is_opened(as_text(bytes(changed)))


def test_no_part_of_it_is_one() -> None:
    for length in range(len(TEXT)):
        assert not is_opened(TEXT[:length])
        assert not is_opened(TEXT[length + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"forged",
        TEXT + b"=",
        TEXT + b"A",
        TEXT + b" ",
        b" " + TEXT,
        TEXT[:50] + b"\n" + TEXT[50:],
        TEXT[:50] + b"!!!!" + TEXT[50:],
        TEXT + b", " + TEXT,
        TEXT + TEXT,
        TEXT.swapcase(),
        "ré".encode() * 100,
        b"\xff" * 400,
        b"\x00" * 400,
        base64.standard_b64encode(RAW),
        base64.b32encode(RAW),
        RAW,
    ],
)
def test_what_only_looks_like_one_is_none(text: bytes) -> None:
    assert not is_opened(text)


@given(st.binary(max_size=600))
def test_nothing_at_all_raises(raw: bytes) -> None:
    assert not is_opened(raw)
    assert not is_opened(as_text(raw))
    assert not is_opened(as_text(RAW[:10] + raw))


def test_a_header_of_any_length_costs_nothing() -> None:
    started = time.thread_time()
    for _ in range(1000):
        assert not is_opened(b"A" * 100_000)
        assert not is_opened(TEXT + b"A" * (MAX_CHARACTERS - len(TEXT) + 1))
    assert time.thread_time() - started < 1.0


def signed(payload: bytes, key_id: str = "2026-11", version: int = 1) -> bytes:
    head = bytes((version, len(key_id))) + key_id.encode()
    return sign(KEYS["2026-11"], head + payload).encode()


def test_what_a_later_version_signs_is_ignored() -> None:
    """Another version, or the same with a content that this one cannot read."""
    content = compose(SCOPE, "e-1", [RESULTS], TARGETS, 2**40)
    assert is_opened(signed(encode(content)))
    assert not is_opened(signed(encode(content), version=2))
    for payload in (b"", b"\xc0", b"\x90", encode([1, 2, 3]), encode(content)[:-1]):
        assert not is_opened(signed(payload))


@pytest.mark.parametrize(
    ("outcomes", "is_packed"), [(b"", False), (b"\x01", False), (b"x" * 9, False), (b"x" * 9, True), (b"", True)]
)
def test_outcomes_that_are_not_as_many_as_items_and_writers_are_ignored(outcomes: bytes, is_packed: bool) -> None:
    """However they came to be signed; nor does unpacking them take more memory than they may."""
    content = compose(SCOPE, "e-1", [RESULTS], TARGETS, 2**40)
    wrong = msgspec.structs.replace(content, outcomes=outcomes, is_packed=is_packed)
    assert not is_opened(signed(encode(wrong)))


def test_a_batchs_receipt_is_for_a_batch_of_as_many_items() -> None:
    text = batch([dict(RESULTS)] * 3).encode()
    assert ring().open(text, batch_scope([dict(RESULTS)] * 3), TARGETS) is not None
    assert scope_of("orders", "alice", b"lines", 2) != batch_scope([dict(RESULTS)] * 3)


def test_a_signature_for_another_purpose_is_none() -> None:
    """The same key may sign other things elsewhere."""
    payload = RAW[:-32]
    assert not is_opened(as_text(payload + hmac.digest(KEYS["2026-11"], payload, hashlib.sha256)))
