"""Makes keys, key documents and tokens, wrong ones included."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from eventgate.core.auth.keys import KeySet, PublicKey
from eventgate.core.auth.tokens import AuthRules, TokenVerifier
from eventgate.errors import Unauthenticated

NOW = 1_700_000_000.0

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


@functools.cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same private key for the same arguments."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


@functools.cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@functools.cache
def ed448_key() -> ed448.Ed448PrivateKey:
    return ed448.Ed448PrivateKey.generate()


def der(key: PrivateKey) -> str:
    """The public half as base64 DER."""
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(encoding, form)).decode()


def pem(key: PrivateKey) -> bytes:
    """The public half as PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public half as a JWK with further members."""
    name = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256"}
    alg = next((alg for kind, alg in name.items() if isinstance(key, kind)), "EdDSA")
    algorithm = get_default_algorithms()[alg]
    return {**json.loads(algorithm.to_jwk(key.public_key())), **members}


def jwks(*entries: object) -> bytes:
    return json.dumps({"keys": list(entries)}).encode()


def key_set(*keys: tuple[PrivateKey, str | None]) -> KeySet:
    return KeySet([PublicKey(key.public_key(), kid) for key, kid in keys])


def b64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def sign(header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, key: PrivateKey, alg: str = "RS256") -> str:
    """A compact token with exactly this header and payload, signed by `alg` whatever the header says."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(map(b64url, parts))
    return f"{signing_input}.{b64url(get_default_algorithms()[alg].sign(signing_input.encode(), key))}"


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims at `NOW`, with `changes`; None takes a claim away."""
    given = {"sub": "alice", "iat": NOW - 10, "exp": NOW + 3600, **changes}
    return {name: value for name, value in given.items() if value is not None}


def token(
    key: PrivateKey | None = None, *, kid: str | None = None, alg: str = "RS256", typ: str | None = None, **changes: Any
) -> str:
    """A good token by the first RSA key, except for `changes` of its claims."""
    header = {"alg": alg} | ({"kid": kid} if kid else {}) | ({"typ": typ} if typ else {})
    return sign(header, claims(**changes), key or rsa_key(), alg)


GOOD = {"alg": "RS256"}
ONE_KEY = key_set((rsa_key(), "a"))


def verifier(keys: KeySet = ONE_KEY, **rules: Any) -> TokenVerifier:
    return TokenVerifier(msgspec.convert(rules, AuthRules), keys)


def reason(text: str, keys: KeySet = ONE_KEY, now: float = NOW, **rules: Any) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        verifier(keys, **rules).verify(text, now)
    assert len(text) < 10 or text not in str(refusal.value)
    return refusal.value.reason
