"""Signatures of the JWS algorithms that a token may use (RFC 7518, section 3; RFC 8037), verified by cryptography.

PyJWT has the same table, but its import takes along all kinds of keys, certificates and more: a tenth of a cold start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from eventgate.core.auth.rules import Algorithm

_Check = Callable[[Any, bytes, bytes], object]
"""Called with a key of the algorithm's kind, the signature and what is signed; raises where they do not go together."""


def is_signed(algorithm: Algorithm, key: Any, signature: bytes, content: bytes) -> bool:
    """Whether `signature` is that of `content` by `key`, which must be of the kind that `algorithm` wants."""
    try:
        _CHECKS[algorithm](key, signature, content)
    except InvalidSignature:
        return False
    return True


def _pkcs1(hash: hashes.HashAlgorithm) -> _Check:
    """RSASSA-PKCS1-v1_5 (section 3.3)."""
    scheme = padding.PKCS1v15()
    return lambda key, signature, content: key.verify(signature, content, scheme, hash)


def _pss(hash: hashes.HashAlgorithm) -> _Check:
    """RSASSA-PSS, its salt as long as the hash (section 3.5)."""
    scheme = padding.PSS(padding.MGF1(hash), salt_length=hash.digest_size)
    return lambda key, signature, content: key.verify(signature, content, scheme, hash)


def _ecdsa(hash: hashes.HashAlgorithm) -> _Check:
    """ECDSA, whose signature is R and S, each as long as the curve's order (section 3.4)."""
    scheme = ec.ECDSA(hash)

    def check(key: ec.EllipticCurvePublicKey, signature: bytes, content: bytes) -> None:
        octets = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * octets:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:octets]), int.from_bytes(signature[octets:])
        key.verify(encode_dss_signature(r, s), content, scheme)

    return check


def _eddsa(key: Any, signature: bytes, content: bytes) -> None:
    """Ed25519 or Ed448, as the key is (RFC 8037, section 3.1)."""
    key.verify(signature, content)


_SHA: Final = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
_CHECKS: Final[Mapping[Algorithm, _Check]] = {
    "RS256": _pkcs1(_SHA[256]),
    "RS384": _pkcs1(_SHA[384]),
    "RS512": _pkcs1(_SHA[512]),
    "PS256": _pss(_SHA[256]),
    "PS384": _pss(_SHA[384]),
    "PS512": _pss(_SHA[512]),
    "ES256": _ecdsa(_SHA[256]),
    "ES384": _ecdsa(_SHA[384]),
    "ES512": _ecdsa(_SHA[512]),
    "EdDSA": _eddsa,
}
