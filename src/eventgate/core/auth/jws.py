"""The compact form of a signed token (RFC 7515, section 7.1), read strictly."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Final

import msgspec

from eventgate.errors import Unauthenticated

MAX_TOKEN_CHARACTERS: Final = 16 * 1024
"""Longer tokens are refused unread. Header fields of most servers and proxies end at 8 or 16 KiB."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


class SignedToken(msgspec.Struct, frozen=True):
    """The parts of a token whose signature nobody has verified yet."""

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def read_compact(token: str) -> SignedToken:
    """Take `token` apart; raises `Unauthenticated("malformed")`. The payload is decoded, but not yet parsed."""
    parts = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
    if parts is None:
        raise malformed()
    return SignedToken(
        header=parse_object(_decode(parts[1])),
        payload=_decode(parts[2]),
        signing_input=token[: parts.end(2)].encode("ascii"),
        signature=_decode(parts[3]),
    )


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object that `text` holds, without repeated names at any depth; else `malformed` is raised.

    NaN and the infinities become floats, so that whoever wants a number can say what is wrong with it.
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        raise malformed() from None
    if not isinstance(value, dict):
        raise malformed()
    return value


def malformed() -> Unauthenticated:
    """What a token is answered with that is no token at all."""
    return Unauthenticated("malformed", "the token is not a signed JSON Web Token")


def _decode(part: str) -> bytes:
    """Decode base64url; two spellings of the same bytes would make two tokens of one, so only the exact one passes."""
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise malformed() from None
    if base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii") != part:
        raise malformed()
    return octets


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members
