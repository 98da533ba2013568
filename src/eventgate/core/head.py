"""The header fields that the gate reads, found in one pass."""

from __future__ import annotations

from itertools import chain

from eventgate.core import cloudevents
from eventgate.core.limits import MAX_HEADER_BYTES, MAX_HEADER_FIELDS
from eventgate.core.media import Media, as_binary, media_of, with_coding
from eventgate.core.model import Headers
from eventgate.errors import HeadersTooLarge

_CLOUDEVENT = frozenset(cloudevents.HEADERS)
NAMES = frozenset(
    {
        b"accept",
        b"authorization",
        b"bearer",
        *cloudevents.HEADERS,
        b"content-encoding",
        b"content-type",
        b"eventgate-receipt",
        b"idempotency-key",
        b"if-none-match",
        b"origin",
        b"access-control-request-method",
        b"traceparent",
        b"x-correlation-id",
        b"x-request-id",
    }
)
"""Those fields, in lower case."""


class Head:
    """Header fields by name, each with its values in the order received."""

    __slots__ = ("_fields", "_headers")

    def __init__(self, headers: Headers) -> None:
        fields: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            if name in NAMES:
                if name in fields:
                    fields[name].append(value)
                else:
                    fields[name] = [value]
        self._fields = fields
        self._headers = headers

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field."""
        return self._fields.get(name, [])

    def first(self, name: bytes) -> bytes | None:
        """The first value of a field."""
        values = self._fields.get(name)
        return values[0] if values else None

    def check_size(self) -> None:
        """Raises `HeadersTooLarge`."""
        headers = self._headers
        if len(headers) > MAX_HEADER_FIELDS:
            raise HeadersTooLarge(f"more than {MAX_HEADER_FIELDS} header fields")
        if sum(map(len, chain.from_iterable(headers))) > MAX_HEADER_BYTES:  # 1 us less than to add up in Python
            raise HeadersTooLarge(f"more than {MAX_HEADER_BYTES} bytes of header fields")

    def media(self) -> Media:
        """How the body is to be read, by Content-Type, Content-Encoding and the headers of CloudEvents."""
        fields = self._fields
        types = fields.get(b"content-type")
        media = media_of(types[0] if types else b"")
        if types is not None and len(types) > 1 and len(set(types)) > 1:
            return Media(media.form, objection="two different Content-Type headers")
        if media.objection is not None:
            return media
        if not _CLOUDEVENT.isdisjoint(fields):
            media = as_binary(media)
        codings = fields.get(b"content-encoding")
        return media if codings is None else with_coding(media, codings)

    def cloudevent_id(self) -> str:
        """The id of a CloudEvent in binary mode; raises `InvalidEvent`."""
        return cloudevents.id_in_headers(self._fields)
