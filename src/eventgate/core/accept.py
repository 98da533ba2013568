"""Which form of an answer a client would rather have (RFC 9110, section 12.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from eventgate.core.model import Headers

_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_OF_JAVA: Final = frozenset(
    {
        b"text/html, image/gif, image/jpeg, */*; q=0.2",
        b"text/html, image/gif, image/jpeg, *; q=0.2, */*; q=0.2",
        b"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    }
)
"""What Java's `HttpURLConnection` says unless it is told otherwise: a program, not a person in front of a page."""


def prefers_html(accept: Sequence[bytes]) -> bool:
    """Whether the values of `Accept` put HTML before JSON.

    Where both have the same weight, a type that is named goes before one that is only covered by a wildcard; beyond
    that JSON does. What cannot be read counts for nothing.
    """
    if not any(b"text/" in value.lower() for value in accept) or (len(accept) == 1 and accept[0] in _OF_JAVA):
        return False
    ranges = [_range(part) for value in accept for part in value.decode("latin-1").lower().split(",")]
    html = _weight(ranges, "text", "html")
    return html[0] > 0 and html > _weight(ranges, "application", "json")


def reads_gzip(headers: Headers) -> bool:
    """Whether the field `Accept-Encoding` gives gzip, by its name, a weight over zero (RFC 9110, section 12.5.3)."""
    values = (value.decode("latin-1").lower() for name, value in headers if name == b"accept-encoding")
    codings = (_range(part) for value in values for part in value.split(","))
    return any(name == "gzip" and weight > 0 for name, weight in codings)


def _weight(ranges: list[tuple[str, float]], kind: str, form: str) -> tuple[float, int]:
    """What the most specific of `ranges` gives the media type, and how specific it is; nothing where none covers it."""
    for precision, wanted in ((2, f"{kind}/{form}"), (1, f"{kind}/*"), (0, "*/*")):
        found = [weight for name, weight in ranges if name == wanted]
        if found:
            return max(found), precision
    return 0.0, 0


def _range(part: str) -> tuple[str, float]:
    """A media range and its weight; a range with other parameters than a weight covers no form that the gate has."""
    name, *parameters = (each.strip() for each in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() != "q":
            if key.strip() == "charset":
                continue
            return "", 0.0
        weight = float(value) if _WEIGHT.fullmatch(value.strip()) else 0.0
    return name, weight
