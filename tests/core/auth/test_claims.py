"""Claims and header members of signed tokens: each reason for a refusal, and how long a good verdict holds."""

from __future__ import annotations

from typing import Any

import pytest

from eventgate.errors import Unauthenticated
from tests.core.auth.tokens_support import (
    GOOD,
    NOW,
    claims,
    reason,
    rsa_key,
    sign,
    token,
    verifier,
)


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/jwt"])
def test_types_of_token_that_are_taken(typ: str) -> None:
    assert verifier().verify(token(typ=typ), NOW).subject == "alice"


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"crit": ["b64"], "b64": True}]
    + [{"typ": typ} for typ in ("JWE", "", "dpop+jwt", "jwt ", None, 1, ["JWT"])],
)
def test_types_and_extensions_that_the_gate_does_not_know(header: dict[str, Any]) -> None:
    assert reason(sign(GOOD | header, claims(), rsa_key())) == "claims"


NO_NUMBERS: list[Any] = [True, "1700003600", [1], {}, float("nan"), float("inf"), -float("inf"), 10**400]


@pytest.mark.parametrize(
    "changes",
    [{"exp": None}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": ["alice"]}]
    + [{"sub": sub} for sub in ("a\n", "a\x00", "a\x7f", "a\x85", "a\ud800", "x" * 1025)]
    + [{name: value} for name in ("exp", "nbf", "iat") for value in NO_NUMBERS],
)
def test_claims_that_are_absent_or_of_another_type(changes: dict[str, Any]) -> None:
    payload = claims() | changes
    assert reason(sign(GOOD, {k: v for k, v in payload.items() if v is not None}, rsa_key())) == "claims"


def test_a_claim_of_null_is_no_number() -> None:
    assert reason(sign(GOOD, claims() | {"nbf": None}, rsa_key())) == "claims"


@pytest.mark.parametrize("subject", ["x" * 1024, "Jürgen Groß", "a b", "日本", "a@b.example"])
def test_subjects_are_texts(subject: str) -> None:
    assert verifier().verify(token(sub=subject), NOW).subject == subject


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": -1}, "expired"),
        ({"exp": NOW - 29}, None),
        ({"exp": NOW + 0.5}, None),
        ({"nbf": NOW + 31}, "not_yet"),
        ({"nbf": NOW + 30}, None),
        ({"iat": NOW + 31}, "not_yet"),
        ({"iat": NOW + 30}, None),
        ({"iat": NOW, "exp": NOW + 86400 + 31}, "lifetime"),
        ({"iat": NOW, "exp": NOW + 86400 + 30}, None),
        ({"iat": None, "exp": NOW + 86400 + 31}, "lifetime"),
        ({"iat": None, "exp": NOW + 86400 + 30}, None),
        ({"iat": 0}, "lifetime"),
        ({"iss": "anybody"}, None),
        ({"aud": "gate"}, "audience"),
        ({"aud": []}, "audience"),
    ],
)
def test_times_and_names_by_the_default_rules(changes: dict[str, Any], expected: str | None) -> None:
    if expected is None:
        assert verifier().verify(token(**changes), NOW).subject == "alice"
    else:
        assert reason(token(**changes)) == expected


def test_the_lifetime_may_be_unlimited() -> None:
    assert verifier(max_lifetime_seconds=None).verify(token(exp=NOW + 1e9), NOW).expires_at == NOW + 1e9


@pytest.mark.parametrize(
    ("changes", "rules", "expected"),
    [
        ({"iss": "me"}, {"issuer": "me"}, None),
        ({"iss": "ME"}, {"issuer": "me"}, "issuer"),
        ({"iss": ["me"]}, {"issuer": "me"}, "issuer"),
        ({}, {"issuer": "me"}, "issuer"),
        ({"aud": "gate"}, {"audience": "gate"}, None),
        ({"aud": ["x", "gate"]}, {"audience": "gate"}, None),
        ({"aud": ["x", "two"]}, {"audience": ["gate", "two"]}, None),
        ({"aud": "other"}, {"audience": "gate"}, "audience"),
        ({"aud": [["gate"], {}, None]}, {"audience": "gate"}, "audience"),
        ({"aud": {"gate": 1}}, {"audience": "gate"}, "audience"),
        ({}, {"audience": "gate"}, "audience"),
    ],
)
def test_issuer_and_audience(changes: dict[str, Any], rules: dict[str, Any], expected: str | None) -> None:
    if expected is None:
        assert verifier(**rules).verify(token(**changes), NOW).subject == "alice"
    else:
        assert reason(token(**changes), **rules) == expected


def test_nothing_is_said_of_the_claims_of_an_unverified_token() -> None:
    assert reason(token(rsa_key(1), exp=1, sub="", aud="x")) == "signature"
    assert reason(sign(GOOD, b"no JSON", rsa_key(1))) == "signature"


def test_a_verified_token_is_remembered_until_its_end_and_not_longer() -> None:
    judge, text = verifier(), token(exp=NOW + 100)
    for now in (NOW, NOW + 129.9):
        assert judge.verify(text, now).subject == "alice"
    for now in (NOW + 130, NOW + 131):
        with pytest.raises(Unauthenticated) as refusal:
            judge.verify(text, now)
        assert refusal.value.reason == "expired"


@pytest.mark.parametrize(
    ("changes", "earlier", "expected"),
    [
        ({"nbf": NOW}, NOW - 31, "not_yet"),
        ({"iat": NOW}, NOW - 31, "not_yet"),
        ({"iat": None, "exp": NOW + 86000}, NOW - 500, "lifetime"),
    ],
)
def test_a_remembered_token_is_not_good_before_its_time_if_the_clock_goes_back(
    changes: dict[str, Any], earlier: float, expected: str
) -> None:
    judge, text = verifier(), token(**changes)
    assert judge.verify(text, NOW).subject == "alice"
    with pytest.raises(Unauthenticated) as refusal:
        judge.verify(text, earlier)
    assert refusal.value.reason == expected
