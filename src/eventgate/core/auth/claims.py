"""What a verified token says of itself, judged by the rules (RFC 7519, section 4.1)."""

from __future__ import annotations

import math
import unicodedata
from typing import Any, Final

import msgspec

from eventgate.core.auth.rules import AuthRules
from eventgate.core.model import Claims
from eventgate.errors import Unauthenticated

MAX_SUBJECT_CHARACTERS: Final = 1024
"""Longest `sub`: it goes into log lines, headers and ledger rows."""

_TYPES = frozenset({"jwt", "at+jwt"})
_UNPRINTABLE = frozenset({"Cc", "Cs"})


class Passed(msgspec.Struct, frozen=True, gc=False):
    """Claims that hold from `valid_from` until just before `valid_until` (epoch seconds, leeway included)."""

    claims: Claims
    valid_from: float
    valid_until: float


def check_header(header: dict[str, Any]) -> None:
    """Refuse a token of another type (RFC 9068, RFC 8725 section 3.11) or with critical extensions.

    Of those (RFC 7515, section 4.1.11) the gate understands none.
    """
    if "crit" in header:
        raise _unfit("the token demands extensions (`crit`) that the gate does not know")
    if "typ" not in header:
        return
    kind = header["typ"]
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise _unfit("the token's `typ` is neither JWT nor at+jwt")


def check_claims(payload: dict[str, Any], rules: AuthRules, now: float) -> Passed:
    """Judge the claims of a token whose signature is good; raises `Unauthenticated` with the reason."""
    expires = _time(payload, "exp")
    if expires is None:
        raise _unfit("the token has no `exp`")
    not_before, issued = _time(payload, "nbf"), _time(payload, "iat")
    subject = _subject(payload)
    leeway = rules.leeway_seconds
    _check_times(expires, not_before, issued, leeway, now)
    begins = [time - leeway for time in (not_before, issued) if time is not None]
    if rules.max_lifetime_seconds is not None:
        if expires - (now if issued is None else issued) > rules.max_lifetime_seconds + leeway:
            raise Unauthenticated("lifetime", f"the token lives longer than {rules.max_lifetime_seconds:g} seconds")
        if issued is None:
            begins.append(expires - rules.max_lifetime_seconds - leeway)
    _check_issuer(payload, rules.issuer)
    _check_audience(payload, rules.audience)
    return Passed(Claims(subject, expires), max(begins, default=-math.inf), expires + leeway)


def _check_times(expires: float, not_before: float | None, issued: float | None, leeway: float, now: float) -> None:
    if now >= expires + leeway:
        raise Unauthenticated("expired", "the token has expired")
    if not_before is not None and now < not_before - leeway:
        raise Unauthenticated("not_yet", "the token is not valid yet")
    if issued is not None and now < issued - leeway:
        raise Unauthenticated("not_yet", "the token was issued in the future; is a clock wrong?")


def _time(payload: dict[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2); None if there is none."""
    if name not in payload:
        return None
    value = payload[name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:
            pass
    raise _unfit(f"the token's `{name}` is not a number of seconds")


def _subject(payload: dict[str, Any]) -> str:
    subject = payload.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _unfit("the token has no `sub`")
    if len(subject) > MAX_SUBJECT_CHARACTERS:
        raise _unfit(f"the token's `sub` is longer than {MAX_SUBJECT_CHARACTERS} characters")
    if not (subject.isascii() and subject.isprintable()) and any(
        unicodedata.category(character) in _UNPRINTABLE for character in subject
    ):
        raise _unfit("the token's `sub` holds control characters")
    return subject


def _check_issuer(payload: dict[str, Any], issuer: str | None) -> None:
    if issuer is not None and payload.get("iss") != issuer:
        raise Unauthenticated("issuer", "the token's `iss` is not the configured one")


def _check_audience(payload: dict[str, Any], audience: str | tuple[str, ...] | None) -> None:
    if audience is None:
        if "aud" in payload:
            raise Unauthenticated("audience", "the token is meant for an `aud`, and the gate has none configured")
        return
    given = payload.get("aud")
    named = [given] if isinstance(given, str) else given
    wanted = (audience,) if isinstance(audience, str) else audience
    if not isinstance(named, list) or not any(name in wanted for name in named if isinstance(name, str)):
        raise Unauthenticated("audience", "the token's `aud` does not name this gate")


def _unfit(message: str) -> Unauthenticated:
    return Unauthenticated("claims", message)
