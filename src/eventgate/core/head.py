"""The header fields of a request, and which of them the gate reads."""

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
"""Those that the gate reads, in lower case."""


class Head:
    """Header fields by name, each with its values in the order received."""

    __slots__ = ("_fields", "_first", "_headers")

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._first = dict(headers)
        self._fields: dict[bytes, list[bytes]] | None = None
        if len(self._first) != len(headers):  # a field that comes twice; without one, C code does all of it
            self._first = dict(headers[::-1])
            self._fields = {}
            for name, value in headers:
                self._fields.setdefault(name, []).append(value)

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field."""
        if self._fields is not None:
            return self._fields.get(name, [])
        value = self._first.get(name)
        return [] if value is None else [value]

    def first(self, name: bytes) -> bytes | None:
        """The first value of a field."""
        return self._first.get(name)

    def check_size(self) -> None:
        """Raises `HeadersTooLarge`."""
        headers = self._headers
        if len(headers) > MAX_HEADER_FIELDS:
            raise HeadersTooLarge(f"more than {MAX_HEADER_FIELDS} header fields")
        if sum(map(len, chain.from_iterable(headers))) > MAX_HEADER_BYTES:  # 1 us less than to add up in Python
            raise HeadersTooLarge(f"more than {MAX_HEADER_BYTES} bytes of header fields")

    def media(self) -> Media:
        """How the body is to be read, by Content-Type, Content-Encoding and the headers of CloudEvents."""
        fields = self._first
        media = media_of(fields.get(b"content-type", b""))
        if self._fields is not None and len(set(self.all(b"content-type"))) > 1:
            return Media(media.form, objection="two different Content-Type headers")
        if media.objection is not None:
            return media
        if not _CLOUDEVENT.isdisjoint(fields):
            media = as_binary(media)
        return with_coding(media, self.all(b"content-encoding")) if b"content-encoding" in fields else media

    def cloudevent_id(self) -> str:
        """The id of a CloudEvent in binary mode; raises `InvalidEvent`."""
        return cloudevents.id_in_headers({name: self.all(name) for name in cloudevents.HEADERS})
