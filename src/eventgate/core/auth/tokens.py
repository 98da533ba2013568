"""From the header fields of a request to the claims of its token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from eventgate.core.auth.claims import Passed, check_claims, check_header
from eventgate.core.auth.jws import SignedToken, malformed, parse_object, read_compact
from eventgate.core.auth.keys import KeySet
from eventgate.core.auth.rules import AuthRules
from eventgate.core.auth.signatures import Check, check_of
from eventgate.core.model import Claims
from eventgate.errors import Unauthenticated

__all__ = ["AuthRules", "NoKeyFits", "TokenVerifier", "bearer_token"]

MAX_REMEMBERED: Final = 10_000
"""Verified tokens kept per key set: about 4 MB."""


class NoKeyFits(Unauthenticated):
    """No key of this set verifies the token; a newer set might."""


def bearer_token(authorization: Sequence[bytes], bearer: Sequence[bytes]) -> str:
    """The one token in the values of the `Authorization` and the `bearer` fields.

    `Authorization: Bearer TOKEN` (RFC 6750) and `bearer: TOKEN` may both be there if they say the same; credentials of
    another scheme do not count. Proxies join repeated fields with commas, so a comma separates as two fields do.
    Raises `Unauthenticated`: `missing`, `malformed`, or `ambiguous` for different tokens or one field twice.
    """
    if len(authorization) == 1 and not bearer:  # nearly every request; worth a way of its own
        scheme, _, rest = authorization[0].partition(b" ")
        if scheme == b"Bearer" and rest and rest == rest.strip() and b"," not in rest and rest.isascii():
            return rest.decode("ascii")
    standard = [token for field in authorization for token in _credentials(field)]
    older = [_without_scheme(part) for field in bearer for part in field.split(b",")]
    if len(standard) > 1 or len(older) > 1:
        raise Unauthenticated("ambiguous", "a token is given more than once")
    tokens = {token for token in standard + older if token}
    if not tokens:
        raise Unauthenticated("missing", "a token is needed: `Authorization: Bearer TOKEN`")
    if len(tokens) > 1:
        raise Unauthenticated("ambiguous", "`Authorization` and `bearer` give different tokens")
    try:
        return tokens.pop().decode("ascii")
    except UnicodeDecodeError:
        raise malformed() from None


def _credentials(field: bytes) -> Iterator[bytes]:
    """The tokens in one `Authorization` value: of the Bearer scheme, or following one without a scheme of their own."""
    ours = False
    for part in field.split(b","):
        words = part.split(None, 1)
        if len(words) == 2 or (words and words[0].lower() == b"bearer"):
            ours = words[0].lower() == b"bearer"
        if ours and words:
            yield _without_scheme(part)


def _without_scheme(credentials: bytes) -> bytes:
    words = credentials.split(None, 1)
    if words and words[0].lower() == b"bearer":
        return words[1].strip() if len(words) == 2 else b""
    return credentials.strip()


class TokenVerifier:
    """Verifies tokens with one key set and remembers those that passed.

    A new key set means a new verifier, so nothing is remembered on behalf of a key that is gone. Calls must come from
    one thread. Nothing here waits or does input and output.
    """

    def __init__(self, rules: AuthRules, keys: KeySet) -> None:
        self.keys = keys
        self._rules = rules
        self._passed: dict[bytes, Passed] = {}
        self._checks: dict[str, Check] = {name: check_of(name) for name in rules.algorithms}

    def verify(self, token: str, now: float) -> Claims:
        """The claims of `token` at the time `now` (epoch seconds).

        Raises `Unauthenticated` for the first thing wrong, in this order: form, algorithm, header, key, signature,
        claims; as `NoKeyFits` where other keys could change the verdict. A token that passed before is not verified
        again while it is valid.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        passed = self._passed.get(digest)
        if passed is not None and passed.valid_from <= now < passed.valid_until:
            return passed.claims
        signed = read_compact(token)
        self._check_signature(signed)
        passed = check_claims(parse_object(signed.payload), self._rules, now)
        self._remember(digest, passed)
        return passed.claims

    def _check_signature(self, signed: SignedToken) -> None:
        alg = self._algorithm(signed.header)
        check_header(signed.header)
        kid = signed.header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise malformed()
        for key in self._candidates(kid, alg):
            if self._checks[alg](signed.signing_input, key, signed.signature):
                return
        refusal = Unauthenticated if self.keys.names(kid) else NoKeyFits
        raise refusal("signature", "the token's signature is not by a key that the gate trusts")

    def _algorithm(self, header: dict[str, Any]) -> str:
        alg = header.get("alg")
        if not isinstance(alg, str) or alg not in self._checks:
            raise Unauthenticated("algorithm", f"the token's `alg` is none of {', '.join(self._checks)}")
        return alg

    def _candidates(self, kid: str | None, alg: str) -> list[Any]:
        candidates = self.keys.candidates(kid, alg)
        if kid is not None and not candidates:
            if self.keys.names(kid):
                raise Unauthenticated("algorithm", "the token's `alg` is not for the key that it names")
            raise NoKeyFits("unknown_key", "the token names a key that the gate does not know")
        return [candidate.key for candidate in candidates]

    def _remember(self, digest: bytes, passed: Passed) -> None:
        if len(self._passed) >= MAX_REMEMBERED:
            del self._passed[next(iter(self._passed))]
        self._passed[digest] = passed
