"""Texts that read well: by format, and by what a member is called."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Final

_PEOPLE: Final = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov")
_PLACES: Final = ("Prague", "Johannesburg", "Nairobi", "Lisbon", "Kyoto")
_COUNTRIES: Final = ("CZ", "ZA", "KE", "PT", "JP")
_CURRENCIES: Final = ("EUR", "ZAR", "CZK", "USD", "JPY")
_IDS: Final = uuid.UUID("6f1c1a52-7f0b-5c1e-9a55-2f6d3b8c4e10")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+")


def _moment(index: int) -> str:
    return f"2026-{index // 28 % 12 + 1:02}-{index % 28 + 1:02}T09:30:00Z"


def _identifier(name: str, index: int) -> str:
    raw = uuid.uuid5(_IDS, f"{name} {index}").bytes
    return str(uuid.UUID(bytes=raw, version=4))


_FORMATS: Final[dict[str, Callable[[str, int], str]]] = {
    "date-time": lambda _, index: _moment(index),
    "date": lambda _, index: _moment(index)[:10],
    "time": lambda _, index: f"09:{index % 60:02}:00Z",
    "duration": lambda _, index: f"PT{index + 1}H",
    "email": lambda _, index: f"{_mailbox(index)}@example.com",
    "idn-email": lambda _, index: f"{_mailbox(index)}@example.com",
    "hostname": lambda _, index: f"host-{index + 1}.example.com",
    "idn-hostname": lambda _, index: f"host-{index + 1}.example.com",
    "ipv4": lambda _, index: f"192.0.2.{index % 254 + 1}",
    "ipv6": lambda _, index: f"2001:db8::{index + 1:x}",
    "uri": lambda name, index: f"https://example.com/{_slug(name)}/{index + 1}",
    "uri-reference": lambda name, index: f"/{_slug(name)}/{index + 1}",
    "iri": lambda name, index: f"https://example.com/{_slug(name)}/{index + 1}",
    "iri-reference": lambda name, index: f"/{_slug(name)}/{index + 1}",
    "uri-template": lambda name, index: f"https://example.com/{_slug(name)}/{{id}}/{index + 1}",
    "uuid": _identifier,
    "json-pointer": lambda _, index: f"/items/{index}",
    "relative-json-pointer": lambda _, index: f"{index}/name",
    "regex": lambda _, index: f"^[a-z]{{{index + 1}}}$",
}

_NAMED: Final[tuple[tuple[frozenset[str], Callable[[str, int], str]], ...]] = (
    (frozenset({"uuid", "guid"}), _identifier),
    (frozenset({"email", "mail"}), _FORMATS["email"]),
    (frozenset({"url", "uri", "link", "href"}), _FORMATS["uri"]),
    (frozenset({"timestamp", "at", "datetime"}), _FORMATS["date-time"]),
    (frozenset({"date", "day"}), _FORMATS["date"]),
    (frozenset({"host", "hostname", "domain"}), _FORMATS["hostname"]),
    (frozenset({"ip"}), _FORMATS["ipv4"]),
    (frozenset({"version"}), lambda _, index: f"1.{index}.0"),
    (frozenset({"country"}), lambda _, index: _COUNTRIES[index % len(_COUNTRIES)]),
    (frozenset({"currency"}), lambda _, index: _CURRENCIES[index % len(_CURRENCIES)]),
    (frozenset({"city", "town"}), lambda _, index: _PLACES[index % len(_PLACES)]),
    (frozenset({"customer", "person", "author", "owner"}), lambda _, index: _PEOPLE[index % len(_PEOPLE)]),
    (frozenset({"phone", "telephone"}), lambda _, index: f"+420 555 010 {100 + index}"),
    (frozenset({"environment", "env"}), lambda _, index: ("dev", "uat", "prod")[index % 3]),
    (frozenset({"language", "locale", "lang"}), lambda _, index: ("en", "cs", "pt", "zu")[index % 4]),
    (frozenset({"sha256", "digest", "hash"}), lambda name, index: uuid.uuid5(_IDS, f"{name} {index}").hex * 2),
)


def by_format(name: str, asked: str, index: int) -> str | None:
    """The text number `index` of the format `asked`; None for a format that is not known here."""
    make = _FORMATS.get(asked)
    return None if make is None else make(name, index)


def by_name(name: str, index: int) -> str:
    """The text number `index` for a member called `name`."""
    words = words_of(name)
    if words[-2:] == ["event", "id"] or words == ["id"]:
        return _identifier(name, index)
    if len(words) > 1 and words[-1] in ("id", "ref", "number", "key", "code"):
        return f"{'-'.join(words[:-1])}-{1001 + index}"
    for known, make in _NAMED:
        if words and (words[-1] in known or (words[0] in known and words[0] not in ("at", "ip"))):
            return make(name, index)
    text = " ".join(words) or "text"
    return f"Example {text}" if not index else f"Example {text} {index + 1}"


def by_encoding(encoding: str | None, media: str | None, index: int) -> str | None:
    """A text with such content (`contentEncoding`, `contentMediaType`), where that is base64 or JSON."""
    if encoding is None and media is None:
        return None
    content = f'{{"number": {index + 1}}}' if media == "application/json" else f"example {index + 1}"
    if encoding is None:
        return content
    return base64.b64encode(content.encode()).decode("ascii") if encoding == "base64" else None


def fitted(text: str, least: int, most: int | None) -> str:
    """`text` cut, or filled up with more of the same, to have `least` to `most` characters."""
    if len(text) < least:
        text = (text + " " + (text + " ") * (least // (len(text) + 1) + 1))[:least]
        text = text[:-1] + "." if text.endswith(" ") else text
    return text if most is None else text[:most].rstrip() or "x" * min(least, most)


def words_of(name: str) -> list[str]:
    """The words that a name is made of, in lower case: `orderId`, `order_id` and `order-id` are all of two."""
    return [word.lower() for word in _WORD.findall(name)]


def names() -> Iterator[str]:
    """Names for members that a schema wants without naming them."""
    yield "note"
    number = 2
    while True:
        yield f"note_{number}"
        number += 1


def _mailbox(index: int) -> str:
    return f"ada.lovelace{index or ''}"


def _slug(name: str) -> str:
    return "-".join(words_of(name)) or "item"
