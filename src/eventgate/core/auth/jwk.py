"""JSON Web Keys (RFC 7517) that verify signatures: RSA and EC (RFC 7518, section 6), Ed25519 and Ed448 (RFC 8037)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from eventgate.errors import KeySetError

VerifyKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_MAX_MEMBER_CHARACTERS = 4096
"""Longer than any number of a 16,384-bit RSA key, the largest that OpenSSL verifies with."""


def key_from_jwk(jwk: Mapping[str, object]) -> VerifyKey:
    """The public key that `jwk` holds; raises `KeySetError` if it is private, symmetric, foreign or broken."""
    kind = jwk.get("kty")
    if kind == "oct":
        raise KeySetError("it is a symmetric key")
    if "d" in jwk:
        raise KeySetError("it is a private key")
    try:
        if kind == "RSA":
            return rsa.RSAPublicNumbers(e=_integer(jwk, "e"), n=_integer(jwk, "n")).public_key()
        if kind == "EC":
            curve = _CURVES[_text(jwk, "crv")]()
            return ec.EllipticCurvePublicNumbers(_integer(jwk, "x"), _integer(jwk, "y"), curve).public_key()
        if kind == "OKP":
            return _edwards(_text(jwk, "crv"), _octets(jwk, "x"))
    except (ValueError, KeyError, UnsupportedAlgorithm):
        raise KeySetError("its numbers or its curve cannot be used") from None
    raise KeySetError("it is of an unknown kind")


def _edwards(curve: str, octets: bytes) -> VerifyKey:
    if curve == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(octets)
    if curve == "Ed448":
        return ed448.Ed448PublicKey.from_public_bytes(octets)
    raise KeyError(curve)


def _integer(jwk: Mapping[str, object], name: str) -> int:
    return int.from_bytes(_octets(jwk, name))


def _octets(jwk: Mapping[str, object], name: str) -> bytes:
    text = _text(jwk, name).rstrip("=")
    if len(text) > _MAX_MEMBER_CHARACTERS or not _BASE64URL.fullmatch(text):
        raise ValueError(name)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError(name) from None


def _text(jwk: Mapping[str, object], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise ValueError(name)
    return value
