"""The header fields that the gate reads, found in one pass."""

from __future__ import annotations

import re
from functools import lru_cache

from eventgate.core.limits import MAX_HEADER_BYTES, MAX_HEADER_FIELDS
from eventgate.core.model import Headers
from eventgate.errors import HeadersTooLarge, UnsupportedMedia

_READ_AS_JSON = frozenset(
    {"", "application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"}
)
_BATCHES = frozenset({"application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json"})
_JSON_SUFFIX = re.compile(r"[^/\s]+/[^/\s]+\+json")
_PARAMETER = re.compile(r'(?:"(?:[^"\\]|\\.?)*(?:"|$)|[^;"])+', re.DOTALL)
"""A parameter of a media type; its value may be a quoted string with semicolons (RFC 9110, 5.6.4 and 5.6.6)."""
_NAMES = frozenset(
    {
        b"authorization",
        b"bearer",
        b"ce-specversion",
        b"content-encoding",
        b"content-type",
        b"eventgate-receipt",
        b"idempotency-key",
        b"origin",
        b"access-control-request-method",
        b"traceparent",
        b"x-correlation-id",
        b"x-request-id",
    }
)


class Head:
    """Header fields by name, each with its values in the order received."""

    __slots__ = ("_bytes", "_count", "_fields")

    def __init__(self, headers: Headers) -> None:
        fields: dict[bytes, list[bytes]] = {}
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            if name in _NAMES:
                fields.setdefault(name, []).append(value)
        self._fields = fields
        self._count = len(headers)
        self._bytes = size

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field."""
        return self._fields.get(name, [])

    def first(self, name: bytes) -> bytes | None:
        """The first value of a field."""
        values = self._fields.get(name)
        return values[0] if values else None

    def check_size(self) -> None:
        """Raises `HeadersTooLarge`."""
        if self._count > MAX_HEADER_FIELDS:
            raise HeadersTooLarge(f"more than {MAX_HEADER_FIELDS} header fields")
        if self._bytes > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"more than {MAX_HEADER_BYTES} bytes of header fields")

    def check_media(self) -> None:
        """Raises `UnsupportedMedia` unless the body is to be read as one JSON document."""
        types = self.all(b"content-type")
        if len(types) > 1 and len(set(types)) > 1:
            raise UnsupportedMedia("two different Content-Type headers")
        if (objection := _objection(types[0] if types else b"")) is not None:
            raise UnsupportedMedia(objection)
        for coding in self.all(b"content-encoding"):
            if coding.strip().lower() not in (b"", b"identity"):
                raise UnsupportedMedia("this Content-Encoding is not read; send the body uncompressed")
        if self.first(b"ce-specversion") is not None:
            raise UnsupportedMedia("CloudEvents are not read by this version")


@lru_cache(maxsize=256)
def _objection(content_type: bytes) -> str | None:
    media, _, parameters = content_type.decode("latin-1").partition(";")
    name = media.strip().lower()
    if name in _BATCHES:
        return "batches and CloudEvents are not read by this version; send one JSON event"
    if name not in _READ_AS_JSON and not _JSON_SUFFIX.fullmatch(name):
        return "events are JSON: application/json"
    for parameter in _PARAMETER.findall(parameters):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            return "JSON is UTF-8; no other charset is read"
    return None
