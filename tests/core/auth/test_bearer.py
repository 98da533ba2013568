"""The header fields that carry a token, in all their forms."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventgate.core.auth.tokens import bearer_token
from eventgate.errors import Unauthenticated


def bearer_reason(authorization: list[bytes], bearer: list[bytes]) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        bearer_token(authorization, bearer)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("authorization", "bearer"),
    [
        ([b"Bearer tok"], []),
        ([b"bEaReR tok"], []),
        ([b" Bearer   tok "], []),
        ([b"Bearer\ttok"], []),
        ([], [b"tok"]),
        ([], [b" tok "]),
        ([], [b"Bearer tok"]),
        ([b"Bearer tok"], [b"tok"]),
        ([b"Bearer tok"], [b"bearer tok"]),
        ([b"Bearer tok"], [b""]),
        ([b"Bearer"], [b"tok"]),
        ([b"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;date, Signature=00"], [b"tok"]),
        ([b"Basic dXNlcjpwYXNz"], [b"tok"]),
        ([b"Basic dXNlcjpwYXNz", b"Bearer tok"], []),
        ([b"Bearer tok, AWS4-HMAC-SHA256 Credential=a/b, Signature=00"], []),
        ([b"Negotiate"], [b"tok"]),
    ],
)
def test_one_token_is_found(authorization: list[bytes], bearer: list[bytes]) -> None:
    assert bearer_token(authorization, bearer) == "tok"


@pytest.mark.parametrize(
    ("authorization", "bearer", "expected"),
    [
        ([], [], "missing"),
        ([b""], [], "missing"),
        ([b"Bearer"], [], "missing"),
        ([b"Bearer "], [b""], "missing"),
        ([], [b"Bearer "], "missing"),
        ([b"Basic dXNlcjpwYXNz"], [], "missing"),
        ([b"BearerX tok"], [], "missing"),
        ([b"tok"], [], "missing"),
        ([b"Bearer one"], [b"two"], "ambiguous"),
        ([b"Bearer tok", b"Bearer tok"], [], "ambiguous"),
        ([b"Bearer tok, Bearer tok"], [], "ambiguous"),
        ([b"Bearer tok,tok"], [], "ambiguous"),
        ([], [b"tok", b"tok"], "ambiguous"),
        ([], [b"tok,tok"], "ambiguous"),
        ([], [b"tok", b""], "ambiguous"),
        ([b"Bearer tok"], [b"tok", b"tok"], "ambiguous"),
        ([b"Bearer t\xc3\xb6k"], [], "malformed"),
    ],
)
def test_header_forms_that_give_no_single_token(authorization: list[bytes], bearer: list[bytes], expected: str) -> None:
    assert bearer_reason(authorization, bearer) == expected


TOKENS = st.from_regex(r"[A-Za-z0-9_-]{1,9}\.[A-Za-z0-9_-]{1,9}\.[A-Za-z0-9_-]{0,9}", fullmatch=True)
SCHEMES = st.sampled_from([b"Bearer", b"bearer", b"BEARER", b"bEARER"])
SPACE = st.sampled_from([b"", b" ", b"\t", b"  "])


@given(TOKENS, SCHEMES, SPACE, SPACE, st.booleans(), st.booleans())
def test_every_spelling_of_one_token_gives_that_token(
    text: str, scheme: bytes, before: bytes, after: bytes, both: bool, prefixed: bool
) -> None:
    standard = before + scheme + b" " + after + text.encode() + after
    older = before + (scheme + b" " if prefixed else b"") + text.encode() + after
    assert bearer_token([standard], [older] if both else []) == text
    assert bearer_token([standard] if both else [], [older]) == text


@example([], [b"a\tb"])
@example([b"Bearer a\tb"], [])
@given(st.lists(st.binary(max_size=40), max_size=3), st.lists(st.binary(max_size=40), max_size=3))
def test_any_header_gives_a_token_that_was_in_it_or_a_reason(authorization: list[bytes], bearer: list[bytes]) -> None:
    with contextlib.suppress(Unauthenticated):
        found = bearer_token(authorization, bearer)
        assert found
        assert any(found.encode() in field for field in authorization + bearer)


@given(TOKENS, TOKENS, SCHEMES)
def test_two_different_tokens_are_always_ambiguous(one: str, other: str, scheme: bytes) -> None:
    standard = scheme + b" " + one.encode()
    if one != other:
        assert bearer_reason([standard], [other.encode()]) == "ambiguous"
    assert bearer_reason([standard, scheme + b" " + other.encode()], []) == "ambiguous"
