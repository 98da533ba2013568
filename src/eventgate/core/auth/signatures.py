"""Signatures of tokens, by the JWS algorithms that a gate is configured for (RFC 7518, section 3; RFC 8037)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from eventgate.core.auth.rules import Algorithm

Check = Callable[[bytes, Any, bytes], bool]
"""Whether, of content, key and signature, the last is that of the first by a key of the algorithm's kind."""

_PKCS1: Final[dict[str, hashes.HashAlgorithm]] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}


def check_of(algorithm: Algorithm) -> Check:
    """How signatures of `algorithm` are verified.

    Those of the usual algorithms are one call of cryptography. PyJWT knows the others; its import takes kinds of keys,
    certificates and more along, a quarter of a cold start, so that it is imported by those who use one.
    """
    if algorithm in _PKCS1:
        return _pkcs1(_PKCS1[algorithm])
    from jwt.algorithms import get_default_algorithms

    return get_default_algorithms()[algorithm].verify


def _pkcs1(hash: hashes.HashAlgorithm) -> Check:
    """RSASSA-PKCS1-v1_5 (section 3.3)."""
    scheme = padding.PKCS1v15()

    def check(content: bytes, key: Any, signature: bytes) -> bool:
        try:
            key.verify(signature, content, scheme, hash)
        except InvalidSignature:
            return False
        return True

    return check
