"""Public keys that tokens are verified with, and the formats they come in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator
from typing import Any, Final, get_args

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from eventgate.core.auth.jwk import VerifyKey, key_from_jwk
from eventgate.core.auth.rules import Algorithm
from eventgate.errors import KeySetError

MIN_RSA_BITS: Final = 2048
"""NIST SP 800-131A and RFC 7518, section 3.3: shorter RSA keys must not be used."""
MAX_RSA_BITS: Final = 16384
"""OpenSSL verifies with no larger modulus."""
MAX_TRIALS: Final = 64
"""Keys tried on a token that does not say which one signed it."""

_ALGORITHMS: Final = frozenset(get_args(Algorithm))
_CURVE_OF: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_REASONS_SHOWN: Final = 5


class PublicKey:
    """One key that may verify signatures; equal to another if key, `kid` and `alg` are."""

    __slots__ = ("alg", "identity", "key", "kid")

    def __init__(self, key: VerifyKey, kid: str | None = None, alg: str | None = None) -> None:
        """Take `key`; raises `KeySetError` if it is too weak or of a curve that no algorithm uses."""
        _refuse_unfit(key)
        self.key = key
        self.kid = kid
        self.alg = alg
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.identity: bytes = hashlib.sha256(der + msgspec.json.encode([kid, alg])).digest()

    def fits(self, alg: str) -> bool:
        """Whether a signature by the JWS algorithm `alg` can be verified with this key."""
        if alg not in _ALGORITHMS or self.alg not in (None, alg):
            return False
        if alg in _CURVE_OF:
            return isinstance(self.key, ec.EllipticCurvePublicKey) and self.key.curve.name == _CURVE_OF[alg]
        if alg == "EdDSA":
            return isinstance(self.key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
        return isinstance(self.key, rsa.RSAPublicKey)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


class KeySet:
    """The keys of one answer of the key source, without repetitions. Order does not count in comparisons."""

    __slots__ = ("_by_kid", "keys")

    def __init__(self, keys: Collection[PublicKey] = ()) -> None:
        self.keys: tuple[PublicKey, ...] = tuple(dict.fromkeys(keys))
        self._by_kid: dict[str, tuple[PublicKey, ...]] = {}
        for key in self.keys:
            if key.kid is not None:
                self._by_kid[key.kid] = (*self._by_kid.get(key.kid, ()), key)

    def names(self, kid: str | None) -> bool:
        """Whether a key of the set has this key id."""
        return kid in self._by_kid

    def candidates(self, kid: str | None, alg: str) -> tuple[PublicKey, ...]:
        """The keys that may have signed a token with this key id and algorithm.

        A key id of the set is used alone. A token without one may be any key's, and so may every token if no key of
        the set has an id; then at most `MAX_TRIALS` keys are given.
        """
        if kid is not None and kid in self._by_kid:
            return tuple(key for key in self._by_kid[kid] if key.fits(alg))
        if kid is not None and self._by_kid:
            return ()
        return tuple(key for key in self.keys if key.fits(alg))[:MAX_TRIALS]

    def serves(self, algorithms: Collection[str]) -> bool:
        """Whether any key fits any of `algorithms`."""
        return any(key.fits(alg) for key in self.keys for alg in algorithms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySet) and frozenset(self.keys) == frozenset(other.keys)

    def __hash__(self) -> int:
        return hash(frozenset(self.keys))


def parse_keys(content: bytes) -> KeySet:
    """The usable keys in `content`, which is one of

    - `{"key": "<base64 DER>"}` or `{"keys": [{"key": "<base64 DER>"}, ...]}`, optionally with `kid`, `alg`, `use`,
    - a JSON Web Key Set or a single JSON Web Key (RFC 7517),
    - PEM: public keys and certificates, as many as there are.

    An entry that cannot be used harms no other. Raises `KeySetError`, which says why, if none can be used.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    keys: list[PublicKey] = []
    reasons: list[str] = []
    for number, entry in enumerate(_entries(text), 1):
        try:
            keys.append(_key_from_pem(entry) if isinstance(entry, bytes) else _key_from_entry(entry))
        except KeySetError as error:
            reasons.append(f"entry {number}: {error}")
    if not keys:
        raise KeySetError("; ".join(["it holds no usable public key", *reasons[:_REASONS_SHOWN]]))
    return KeySet(keys)


def _entries(text: bytes) -> list[Any]:
    if not text.startswith(b"{"):
        blocks = list(_pem_blocks(text))
        if not blocks:
            raise KeySetError("it is neither a JSON object nor PEM")
        return blocks
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise KeySetError("it is not valid JSON") from None
    entries = document.get("keys", [])
    if not isinstance(entries, list):
        raise KeySetError('"keys" is not a list')
    single = [document] if "key" in document or "kty" in document else []
    if not single and "keys" not in document:
        raise KeySetError('it has neither "keys" nor "key"')
    return single + entries


def _key_from_entry(entry: Any) -> PublicKey:
    if not isinstance(entry, dict):
        raise KeySetError("it is not an object")
    if _optional_text(entry, "use") not in (None, "sig"):
        raise KeySetError("it is not for signatures")
    operations = entry.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise KeySetError("it is not for verifying")
    kid, alg = _optional_text(entry, "kid"), _optional_text(entry, "alg")
    key = key_from_jwk(entry) if "kty" in entry else _key_from_der(_base64(entry.get("key")))
    usable = PublicKey(key, kid, alg)
    if alg is not None and not usable.fits(alg):
        raise KeySetError('its "alg" is none that the gate verifies with such a key')
    return usable


def _optional_text(entry: dict[str, Any], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise KeySetError(f'its "{name}" is not a string')
    return value


def _base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise KeySetError('it has neither "kty" nor a string "key"')
    text = "".join(value.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise KeySetError('its "key" is not base64') from None


def _key_from_der(der: bytes) -> VerifyKey:
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeySetError("it is no DER public key") from None
    return _signing(key)


def _pem_blocks(text: bytes) -> Iterator[bytes]:
    for block in text.split(b"-----BEGIN ")[1:]:
        body, end, _ = block.partition(b"-----END ")
        label = body.partition(b"-----")[0]
        if end:
            yield b"-----BEGIN " + body + end + label + b"-----\n"


def _key_from_pem(block: bytes) -> PublicKey:
    if b"PRIVATE KEY-----" in block:
        raise KeySetError("it is a private key")
    try:
        if block.startswith(b"-----BEGIN CERTIFICATE-----"):
            from cryptography import x509  # a tenth of a cold start, and few key sources hold certificates

            return PublicKey(_signing(x509.load_pem_x509_certificate(block).public_key()))
        return PublicKey(_signing(serialization.load_pem_public_key(block)))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeySetError("it is no PEM public key") from None


def _signing(key: object) -> VerifyKey:
    if isinstance(key, VerifyKey):
        return key
    raise KeySetError("it is of an unknown kind")


def _refuse_unfit(key: VerifyKey) -> None:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise KeySetError(f"it is an RSA key of {key.key_size} bits; {MIN_RSA_BITS} are needed")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > MAX_RSA_BITS:
        raise KeySetError(f"it is an RSA key of more than {MAX_RSA_BITS} bits")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVE_OF.values():
        raise KeySetError("it is of a curve that no algorithm uses")
