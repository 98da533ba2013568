"""Key documents: every format, and what is wrong with an entry harms no other."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.auth.keys import MAX_TRIALS, KeySet, PublicKey, parse_keys
from eventgate.errors import KeySetError
from tests.core.auth.tokens_support import der, ec_key, ed_key, jwk, jwks, key_set, pem, private_pem, rsa_key

RSA = PublicKey(rsa_key().public_key())


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=365))
    return builder.sign(rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"key": der(rsa_key())}).encode(),
        json.dumps({"keys": [{"key": der(rsa_key())}]}).encode(),
        json.dumps({"key": der(rsa_key()), "keys": [{"key": der(rsa_key())}]}).encode(),
        b"\xef\xbb\xbf \n" + json.dumps({"key": "\n".join([der(rsa_key())[:64], der(rsa_key())[64:]])}).encode(),
        json.dumps(jwk(rsa_key(), key_ops=None)).encode(),
        jwks(jwk(rsa_key())),
        pem(rsa_key()),
        b"a comment before\n" + pem(rsa_key()).replace(b"\n", b"\r\n"),
        certificate(),
    ],
)
def test_one_rsa_key_in_each_format(content: bytes) -> None:
    assert parse_keys(content) == KeySet([RSA])


def test_several_pem_blocks_give_several_keys() -> None:
    found = parse_keys(pem(rsa_key()) + pem(ec_key()) + pem(ed_key()))
    assert found == key_set((rsa_key(), None), (ec_key(), None), (ed_key(), None))


def test_jwks_members_are_kept() -> None:
    key = parse_keys(jwks(jwk(rsa_key(), kid="a", alg="PS256", use="sig", key_ops=["verify", "sign"]))).keys[0]
    assert (key.kid, key.alg) == ("a", "PS256")
    assert key.fits("PS256")
    assert not key.fits("RS256")


FOREIGN: list[Any] = [
    None,
    1,
    {},
    {"key": 1},
    {"key": "no base64!"},
    {"key": "AAAA"},
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "oct", "k": "c2VjcmV0", "kid": "good"},
    {"kty": "XYZ"},
    {"kty": 1},
    {"kty": "RSA", "n": "!!", "e": "AQAB"},
    {"kty": "RSA", "n": 17, "e": "AQAB"},
    {"kty": "RSA", "e": "AQAB"},
    {"kty": "RSA", "n": "A" * 100_000, "e": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "crv": "P-999", "x": "AAAA", "y": "AAAA"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
    {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
    {"key": der(ec_key(ec.SECP256K1))},
    {"key": der(rsa_key(bits=1024))},
    jwk(rsa_key(bits=1024)),
    jwk(rsa_key(1), use="enc"),
    jwk(rsa_key(1), use=7),
    jwk(rsa_key(1), key_ops=["encrypt"]),
    jwk(rsa_key(1), key_ops="verify"),
    jwk(rsa_key(1), alg="RSA-OAEP"),
    jwk(rsa_key(1), alg="ES256"),
    jwk(rsa_key(1), kid=5),
    jwk(rsa_key(1), d="AQAB"),
]


@pytest.mark.parametrize("entry", FOREIGN)
def test_an_entry_that_cannot_be_used_harms_no_other(entry: Any) -> None:
    assert parse_keys(jwks(entry, jwk(rsa_key(), kid="good"))) == key_set((rsa_key(), "good"))


@pytest.mark.parametrize("entry", FOREIGN)
def test_a_document_of_unusable_entries_says_why(entry: Any) -> None:
    with pytest.raises(KeySetError, match=r"no usable public key; entry 1: it"):
        parse_keys(jwks(entry))


def test_a_foreign_key_is_kept_but_used_for_its_own_algorithm_only() -> None:
    keys = parse_keys(jwks(jwk(ec_key(), kid="e"), jwk(rsa_key(), kid="r")))
    assert [key.kid for key in keys.candidates("e", "ES256")] == ["e"]
    assert keys.candidates("e", "RS256") == ()
    assert keys.candidates("e", "ES384") == ()
    assert keys.serves(["RS256"])
    assert not keys.serves(["ES384", "EdDSA"])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "neither"),
        (b"<html>", "neither"),
        (b"[]", "neither"),
        (b"\xff\xfe", "neither"),
        (b'{"keys": ', "not valid JSON"),
        (b'{"a": 1}', "neither"),
        (b'{"keys": {}}', "not a list"),
        (b'{"keys": []}', "no usable"),
        (b'{"keys":' + b"[" * 100_000, "not valid JSON"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA", "neither"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no PEM public key"),
        (private_pem(rsa_key()), "private key"),
    ],
)
def test_what_is_no_key_document_is_an_error_that_says_why(content: bytes, why: str) -> None:
    with pytest.raises(KeySetError, match=why):
        parse_keys(content)


def test_a_private_key_beside_a_public_one_is_passed_over() -> None:
    assert parse_keys(private_pem(rsa_key(1)) + pem(rsa_key())) == KeySet([RSA])


def test_a_key_without_id_is_a_candidate_for_any_id_only_where_no_key_has_one() -> None:
    bare = key_set((rsa_key(), None))
    assert bare.candidates("x", "RS256") == bare.keys
    mixed = key_set((rsa_key(), None), (rsa_key(1), "a"))
    assert mixed.candidates("x", "RS256") == ()
    assert [key.kid for key in mixed.candidates("a", "RS256")] == ["a"]
    assert mixed.candidates(None, "RS256") == mixed.keys


def test_trials_of_a_token_without_key_id_are_bounded() -> None:
    many = KeySet([PublicKey(rsa_key().public_key(), str(number)) for number in range(MAX_TRIALS + 5)])
    assert len(many.candidates(None, "RS256")) == MAX_TRIALS
    assert len(many.candidates(str(MAX_TRIALS + 4), "RS256")) == 1


def test_sets_are_equal_whatever_the_order_and_the_repetitions() -> None:
    one, other = jwk(rsa_key(), kid="a"), jwk(rsa_key(1), kid="b")
    assert parse_keys(jwks(one, other)) == parse_keys(jwks(other, one, other))
    assert hash(parse_keys(jwks(one, other))) == hash(parse_keys(jwks(other, one)))
    assert parse_keys(jwks(one)) != parse_keys(jwks({**one, "kid": "b"}))
    assert parse_keys(jwks(one)) != parse_keys(jwks({**one, "alg": "RS256"}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(["kty", "n", "e", "x", "y", "crv", "kid", "use", "alg", "key_ops", "key", "d"])
VALUES = JSON | st.sampled_from(["RSA", "EC", "OKP", "P-256", "P-521", "Ed25519", "Ed448", "AQAB", "sig", "-_-_"])


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda text: b"-----BEGIN A-----" + text + b"-----END A"))
def test_random_bytes_are_refused_in_no_other_way(content: bytes) -> None:
    with contextlib.suppress(KeySetError):
        parse_keys(content)


@given(st.lists(st.dictionaries(MEMBERS, VALUES, max_size=8) | JSON, max_size=4))
def test_random_entries_harm_no_good_one(entries: list[Any]) -> None:
    found = parse_keys(jwks(*entries, jwk(rsa_key(), kid="good")))
    assert any(key.kid == "good" for key in found.keys)


@given(st.integers(0, 293), st.integers(0, 255))
def test_damaged_der_is_another_key_or_none(position: int, value: int) -> None:
    octets = bytearray(base64.b64decode(der(rsa_key())))
    octets[position] = value
    with contextlib.suppress(KeySetError):
        parse_keys(json.dumps({"key": base64.b64encode(octets).decode()}).encode())
