"""Payloads as they may stand in a log: values of members with telling names replaced, the length bounded."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec

log = logging.getLogger("eventgate.payload")

REDACTED: Final = "***REDACTED***"
REDACT_KEYS: Final = (
    "password,passwd,pwd,secret,client_secret,token,access_token,refresh_token,id_token,key,apikey,api_key,"
    "private_key,authorization,credentials"
)
"""Whose values are replaced where `TRACE_REDACT_KEYS` does not say otherwise."""
MAX_BYTES: Final = 10_000
"""How much of a payload is shown where `TRACE_MAX_BYTES` does not say otherwise."""

_ANY: Final = msgspec.json.Decoder()
_encode: Final = msgspec.json.Encoder().encode


class Redaction(msgspec.Struct, frozen=True):
    """What is hidden of payloads: values of members called any of `keys` (lower case), and what is past `max_bytes`."""

    keys: frozenset[str]
    max_bytes: int

    def shown(self, payload: bytes) -> tuple[str, bool]:
        """`payload` as it may be logged, and whether it was cut.

        A payload of several lines of JSON is taken line by line. What is no JSON is withheld, since nobody can tell
        the names in it.
        """
        text = self._document(payload)
        if text is None and b"\n" in payload:
            text = b"\n".join(self._document(line) or _withheld(line) for line in payload.split(b"\n") if line.strip())
        text = text or _withheld(payload)
        return text[: self.max_bytes].decode(errors="ignore"), len(text) > self.max_bytes

    def _document(self, text: bytes) -> bytes | None:
        try:
            return _encode(self._redacted(_ANY.decode(text)))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def _redacted(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: REDACTED if name.lower() in self.keys else self._redacted(each) for name, each in value.items()
            }
        return [self._redacted(each) for each in value] if isinstance(value, list) else value


def redaction(env: Mapping[str, str]) -> Redaction:
    """What `TRACE_REDACT_KEYS` and `TRACE_MAX_BYTES` say; what is blank or no number counts as not there."""
    names = env.get("TRACE_REDACT_KEYS", "").split(",")
    keys = frozenset(name.strip().lower() for name in names if name.strip())
    return Redaction(keys or frozenset(REDACT_KEYS.split(",")), _max_bytes(env.get("TRACE_MAX_BYTES", "").strip()))


def _max_bytes(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        log.warning("TRACE_MAX_BYTES is not a number of bytes; %d counts", MAX_BYTES)
        return MAX_BYTES
    return int(text) if text else MAX_BYTES


def _withheld(payload: bytes) -> bytes:
    return b"(%d bytes that are no JSON)" % len(payload)
