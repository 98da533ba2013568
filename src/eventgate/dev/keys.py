"""The development key: an RSA key in the directory of a gate, and the tokens signed with it."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eventgate.dev.files import write_private
from eventgate.errors import EventGateError

KEY_FILE = ".dev/private.pem"
"""Where the key lies, relative to the directory that `eventgate dev` serves."""


class BadKey(EventGateError):
    """The file that should hold the development key of `directory` holds something else."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory / KEY_FILE} is no RSA key; remove it, and `eventgate dev` makes a new one")


class DevKey:
    """A private key that signs development tokens."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self._private = private
        spki = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.kid = "dev-" + hashlib.sha256(spki).hexdigest()[:12]

    def token(self, subject: str, ttl_seconds: int) -> str:
        """A token for `subject` that ends `ttl_seconds` from now."""
        now = int(time.time())
        claims = {"sub": subject, "iat": now, "exp": now + ttl_seconds}
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})

    def key_set(self) -> dict[str, Any]:
        """The public half as a JWK Set (RFC 7517)."""
        numbers = self._private.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid}
        return {"keys": [{**key, "n": _base64url(numbers.n), "e": _base64url(numbers.e)}]}

    def pem(self) -> bytes:
        """The private key as PKCS #8, not encrypted."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def load_key(directory: Path) -> DevKey:
    """The key of `directory`; raises `FileNotFoundError` where it has none, `BadKey` where it is no RSA key."""
    pem = (directory / KEY_FILE).read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise BadKey(directory) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey(directory)
    return DevKey(key)


def ensure_key(directory: Path) -> DevKey:
    """The key of `directory`, made if it has none. Only its owner may read the file, and git ignores it."""
    path = directory / KEY_FILE
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
        write_private(path, DevKey(rsa.generate_private_key(public_exponent=65537, key_size=2048)).pem())
    path.chmod(0o600)
    return load_key(directory)


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
