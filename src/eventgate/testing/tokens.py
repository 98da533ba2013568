"""Making keys and tokens."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm


class TokenMaker:
    """A token issuer with one RSA key of its own, as a gate's key source and clients would know it."""

    def __init__(self, kid: str | None = "test", *, bits: int = 2048) -> None:
        self.kid = kid
        self.key: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=bits)

    def jwks(self) -> bytes:
        """The public key as a JSON Web Key Set (RFC 7517, section 5)."""
        key: dict[str, Any] = {**RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "use": "sig", "alg": "RS256"}
        if self.kid is not None:
            key["kid"] = self.kid
        return msgspec.json.encode({"keys": [key]})

    def key_document(self) -> bytes:
        """The public key in the form `{"key": "<base64 DER>"}`."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return msgspec.json.encode({"key": base64.b64encode(der).decode("ascii")})

    def token(
        self, sub: str | None = "tester", *, headers: Mapping[str, Any] | None = None, ttl: float = 3600, **claims: Any
    ) -> str:
        """A signed token that is good for `ttl` seconds. Claims given replace ours; None leaves one out."""
        now = int(time.time())
        payload = {"sub": sub, "iat": now, "exp": now + int(ttl)} | claims
        header = ({"kid": self.kid} if self.kid is not None else {}) | dict(headers or {})
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm="RS256", headers=header)
