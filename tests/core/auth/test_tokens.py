"""The form, the algorithm and the signature of tokens; what passed is remembered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.auth import tokens
from eventgate.core.auth.jws import MAX_TOKEN_CHARACTERS
from eventgate.core.auth.keys import KeySet, PublicKey
from eventgate.core.auth.tokens import AuthRules, NoKeyFits
from eventgate.core.model import Claims
from eventgate.errors import Unauthenticated
from tests.core.auth.tokens_support import (
    GOOD,
    NOW,
    ONE_KEY,
    b64url,
    claims,
    ec_key,
    ed448_key,
    ed_key,
    jwk,
    key_set,
    pem,
    reason,
    rsa_key,
    sign,
    token,
    verifier,
)


def test_a_good_token_gives_subject_and_end() -> None:
    assert verifier().verify(token(kid="a"), NOW) == Claims("alice", NOW + 3600)


@pytest.mark.parametrize(
    ("key", "algs"),
    [
        (rsa_key(), ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        (ec_key(), ["ES256"]),
        (ec_key(ec.SECP384R1), ["ES384"]),
        (ec_key(ec.SECP521R1), ["ES512"]),
        (ed_key(), ["EdDSA"]),
        (ed448_key(), ["EdDSA"]),
    ],
)
def test_every_algorithm_works_once_it_is_configured(key: Any, algs: list[str]) -> None:
    """Signed by PyJWT, whose word we do not take for it."""
    keys = key_set((key, None))
    for alg in algs:
        signed = token(key, alg=alg)
        assert verifier(keys, algorithms=[alg]).verify(signed, NOW).subject == "alice"
        other = "RS256" if alg != "RS256" else "PS256"
        assert reason(signed, keys, algorithms=[other]) == "algorithm"
        assert reason(tampered(signed), keys, algorithms=[alg]) == "signature"


def tampered(signed: str) -> str:
    """Of the same length, with one bit of the signature's first octet turned."""
    content, _, signature = signed.rpartition(".")
    octets = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    octets[0] ^= 1
    return f"{content}.{b64url(bytes(octets))}"


@pytest.mark.parametrize(
    "octets", [b"", b"\0", b"\0" * 63, b"\0" * 64, b"\xff" * 64, b"\0" * 65, b"\x30\x06\x02\x01\x01\x02\x01\x01"]
)
def test_what_is_no_ecdsa_signature_is_refused_as_any_other(octets: bytes) -> None:
    """Of another length, of numbers that the curve does not know, or in the form of other standards."""
    content, _, _ = token(ec_key(), alg="ES256").rpartition(".")
    assert reason(f"{content}.{b64url(octets)}", key_set((ec_key(), None)), algorithms=["ES256"]) in (
        "signature",
        "malformed",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.b.c",
        "\ud800.b.c",
        token() + ".",
        token() + "=",
        token() + "\n",
        " " + token(),
        token().replace(".", ".."),
        f"{b64url(b'[]')}.e30.e30",
        f"{b64url(b'{')}.e30.e30",
        f"{b64url(json.dumps(GOOD).encode('utf-16'))}.e30.e30",
        f"{b64url(b'[' * 9000)}.e30.e30",
        b64url(b'{"alg":"RS256","x":' + b"9" * 5000 + b"}") + ".e30.e30",
        sign(b'{"alg":"RS256","alg":"RS256"}', claims(), rsa_key()),
        sign(b'{"alg":"RS256","x":{"a":1,"a":1}}', claims(), rsa_key()),
        sign(GOOD | {"kid": 7}, claims(), rsa_key()),
        sign(GOOD | {"kid": ["a"]}, claims(), rsa_key()),
        sign(GOOD, b'{"sub":"alice","sub":"alice","exp":1700003600}', rsa_key()),
        sign(GOOD, b'{"sub":"alice","\\u0073ub":"bob","exp":1700003600}', rsa_key()),
        sign(GOOD, b"[]", rsa_key()),
        sign(GOOD, b"{", rsa_key()),
        sign(GOOD, b"\xff", rsa_key()),
        token(padding="x" * MAX_TOKEN_CHARACTERS),
    ],
)
def test_what_is_no_token_is_malformed(text: str) -> None:
    assert reason(text) == "malformed"


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "rs256", "", None, 7, ["RS256"], {}])
def test_algorithms_that_are_not_configured(alg: Any) -> None:
    assert reason(sign({"alg": alg, "kid": "nobody"}, claims(exp=1), rsa_key())) == "algorithm"
    assert reason(sign({}, claims(), rsa_key())) == "algorithm"


def unsigned(alg: str) -> str:
    return ".".join(b64url(json.dumps(part).encode()) for part in ({"alg": alg}, claims()))


def test_a_token_without_signature_is_never_accepted() -> None:
    assert reason(unsigned("none") + ".") == "algorithm"
    assert reason(token().rpartition(".")[0] + ".") == "signature"


def test_the_public_key_is_no_secret_for_a_symmetric_algorithm() -> None:
    signing_input = unsigned("HS256")
    forged = hmac.digest(pem(rsa_key()), signing_input.encode(), hashlib.sha256)
    assert reason(f"{signing_input}.{b64url(forged)}") == "algorithm"


@pytest.mark.parametrize("alg", ["HS256", "none", "ES256K", "RS1"])
def test_only_asymmetric_algorithms_can_be_configured(alg: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"algorithms": [alg]}, AuthRules)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"algorithms": []}, AuthRules)


def test_an_unknown_key_id_asks_for_newer_keys() -> None:
    with pytest.raises(NoKeyFits) as refusal:
        verifier().verify(token(kid="b"), NOW)
    assert refusal.value.reason == "unknown_key"


def test_a_bad_signature_by_a_known_key_does_not_ask_for_newer_keys() -> None:
    with pytest.raises(Unauthenticated) as refusal:
        verifier().verify(token(rsa_key(1), kid="a"), NOW)
    assert refusal.value.reason == "signature"
    assert not isinstance(refusal.value, NoKeyFits)


@pytest.mark.parametrize(("keys", "kid"), [(ONE_KEY, None), (key_set((rsa_key(), None)), "x")])
def test_a_signature_by_no_key_at_all_asks_for_newer_keys(keys: KeySet, kid: str | None) -> None:
    with pytest.raises(NoKeyFits) as refusal:
        verifier(keys).verify(token(rsa_key(1), kid=kid), NOW)
    assert refusal.value.reason == "signature"


def test_a_token_without_key_id_may_be_any_keys() -> None:
    keys = key_set((rsa_key(1), "a"), (ec_key(), "b"), (rsa_key(), "c"))
    assert verifier(keys).verify(token(), NOW).subject == "alice"


def test_a_key_id_of_the_set_is_used_alone() -> None:
    keys = key_set((rsa_key(1), "a"), (rsa_key(), "b"))
    assert reason(token(kid="a"), keys) == "signature"


def test_a_key_is_used_for_its_own_algorithm_only() -> None:
    limited = KeySet([PublicKey(rsa_key().public_key(), "a", "PS256")])
    assert reason(token(kid="a"), limited, algorithms=["RS256", "PS256"]) == "algorithm"
    assert reason(token(), limited, algorithms=["RS256", "PS256"]) == "signature"


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_keys_that_a_token_brings_along_are_never_used(member: str) -> None:
    header = GOOD | {member: jwk(rsa_key(1)) if member == "jwk" else "https://keys.example/"}
    assert reason(sign(header, claims(), rsa_key(1))) == "signature"


def test_the_memory_of_verified_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_REMEMBERED", 3)
    judge = verifier()
    for number in range(10):
        assert judge.verify(token(sub=str(number)), NOW).subject == str(number)
    assert len(judge._passed) == 3


SUBJECT = verifier(algorithms=["RS256", "PS256", "ES256"])
SIGNED = token(kid="a")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="


@given(st.integers(0, len(SIGNED) - 1), st.sampled_from(ALPHABET), st.sampled_from(["replace", "insert", "delete"]))
def test_no_change_of_a_character_passes(position: int, character: str, how: str) -> None:
    rest = SIGNED[position:] if how == "insert" else SIGNED[position + 1 :]
    changed = SIGNED[:position] + ("" if how == "delete" else character) + rest
    if changed != SIGNED:
        with pytest.raises(Unauthenticated):
            SUBJECT.verify(changed, NOW)


@pytest.mark.parametrize("character", ALPHABET)
def test_no_other_spelling_of_the_signature_passes(character: str) -> None:
    changed = SIGNED[:-1] + character
    if changed != SIGNED:
        with pytest.raises(Unauthenticated):
            SUBJECT.verify(changed, NOW)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "x"]), st.text(max_size=5) | st.integers(), max_size=4))
def test_no_other_header_passes_with_the_old_signature(header: dict[str, Any]) -> None:
    head, payload, signature = SIGNED.split(".")
    changed = b64url(json.dumps(header).encode())
    if changed != head:
        with pytest.raises(Unauthenticated):
            SUBJECT.verify(f"{changed}.{payload}.{signature}", NOW)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda octets: base64.b64encode(octets).decode()))
def test_random_text_is_refused_in_no_other_way(text: str) -> None:
    for candidate in (text, f"{text}.{text}.{text}", f"{SIGNED}{text or '.'}"):
        with pytest.raises(Unauthenticated):
            SUBJECT.verify(candidate, NOW)
