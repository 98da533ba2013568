"""Media types: which bodies the gate reads, and as what."""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Final

import msgspec

from eventgate.core.codings import Coding, wire_limit
from eventgate.core.limits import Limits
from eventgate.errors import UnsupportedMedia

_READ_AS_JSON: Final = frozenset(
    {"", "application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"}
)
_JSON: Final = re.compile(r"application/json|[^/\s]+/[^/\s]+\+json")
_PARAMETER: Final = re.compile(r'(?:"(?:[^"\\]|\\.?)*(?:"|$)|[^;"])+', re.DOTALL)
"""A parameter of a media type; its value may be a quoted string with semicolons (RFC 9110, sections 5.6.4, 5.6.6)."""
_CODINGS: Final[dict[bytes, Coding]] = {b"gzip": "gzip", b"x-gzip": "gzip", b"zstd": "zstd"}


class Form(enum.Enum):
    """What a body is."""

    EVENT = enum.auto()
    """One event, as it is."""
    BINARY = enum.auto()
    """One event, whose id is in the headers: a CloudEvent in binary mode."""
    STRUCTURED = enum.auto()
    """One event inside a CloudEvent."""
    LINES = enum.auto()
    """A batch: one event a line (NDJSON)."""
    CLOUDEVENTS = enum.auto()
    """A batch: an array of CloudEvents."""


_FORMS: Final = {
    "application/x-ndjson": Form.LINES,
    "application/cloudevents+json": Form.STRUCTURED,
    "application/cloudevents-batch+json": Form.CLOUDEVENTS,
}


class Media(msgspec.Struct, frozen=True):
    """How a body is to be read; `objection` says why it cannot be.

    `is_batch`: it holds any number of events. `is_plain`: it is one, as it is.
    """

    form: Form
    coding: Coding | None = None
    objection: str | None = None
    is_batch: bool = False
    is_plain: bool = False

    def __post_init__(self) -> None:
        """Settle what every request asks."""
        plain = self.form is Form.EVENT and self.coding is None and self.objection is None
        msgspec.structs.force_setattr(self, "is_plain", plain)
        msgspec.structs.force_setattr(self, "is_batch", self.form in (Form.LINES, Form.CLOUDEVENTS))

    def content_limit(self, limits: Limits) -> int:
        """How many bytes the body may have, decompressed."""
        return limits.max_batch_bytes if self.is_batch else limits.max_body_bytes

    def body_limit(self, limits: Limits) -> int:
        """How many bytes the body may have as it comes."""
        limit = limits.max_batch_bytes if self.is_batch else limits.max_body_bytes
        return limit if self.coding is None else wire_limit(limit)

    def check(self) -> None:
        """Raises `UnsupportedMedia` unless the body can be read."""
        if self.objection is not None:
            raise UnsupportedMedia(self.objection)


@lru_cache(maxsize=256)
def media_of(content_type: bytes) -> Media:
    """What a Content-Type says of the body."""
    media, _, parameters = content_type.decode("latin-1").partition(";")
    name = media.strip().lower()
    form = _FORMS.get(name, Form.EVENT)
    if form is Form.EVENT and name not in _READ_AS_JSON and not _JSON.fullmatch(name):
        return Media(form, objection="events are JSON: application/json")
    for parameter in _PARAMETER.findall(parameters):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            return Media(form, objection="JSON is UTF-8; no other charset is read")
    return Media(form)


def is_json(media_type: str) -> bool:
    """Whether `media_type` names JSON, in UTF-8."""
    name = media_type.partition(";")[0].strip().lower()
    return _JSON.fullmatch(name) is not None and media_of(media_type.encode()).objection is None


def with_coding(media: Media, values: list[bytes]) -> Media:
    """`media` with the content coding that the values of Content-Encoding name."""
    named = (coding.strip().lower() for value in values for coding in value.split(b","))
    codings = [coding for coding in named if coding not in (b"", b"identity")]
    if not codings:
        return media
    if len(codings) > 1:
        return _refused(media, "the body is encoded more than once; gzip or zstd, once, is read")
    if (coding := _CODINGS.get(codings[0])) is None:
        return _refused(media, "this Content-Encoding is not read; gzip and zstd are")
    return msgspec.structs.replace(media, coding=coding)


def as_binary(media: Media) -> Media:
    """`media` of a request with the headers of a CloudEvent; its Content-Type may say that it is another mode's."""
    if media.form is Form.LINES:
        return _refused(media, "a CloudEvent in binary mode is one JSON event")
    return msgspec.structs.replace(media, form=Form.BINARY) if media.form is Form.EVENT else media


def _refused(media: Media, objection: str) -> Media:
    return msgspec.structs.replace(media, objection=objection)
