"""CloudEvents 1.0: the event is their `data`, its id is their `id`.

Sources: the CloudEvents specification, its JSON event format and its HTTP protocol binding. What else a CloudEvent
says is checked where it must be there, and goes no further.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

from eventgate.core import ids, json
from eventgate.core.media import is_json
from eventgate.errors import InvalidEvent, Problem, UnsupportedMedia

HEADERS: Final[tuple[bytes, ...]] = (b"ce-specversion", b"ce-id", b"ce-source", b"ce-type")
"""What must be there in binary mode; one of them makes a request a CloudEvent."""

_VERSION: Final = "1.0"
_TEXTS: Final = {
    "specversion": 'must be "1.0": CloudEvents of another version are not read',
    "id": "must be a string of 1 to 255 characters without control characters: it is the event id",
    "source": "must be a string that is not empty",
    "type": "must be a string that is not empty",
}


class Unwrapped(msgspec.Struct, frozen=True):
    """An event out of its envelope: its bytes as they stand there, the same parsed, and the id that this gave it."""

    event_id: str | None
    body: bytes
    document: Any


class _Data(msgspec.Struct):
    data: msgspec.Raw


_data: Final = msgspec.json.Decoder(_Data)


def unwrap(envelope: bytes, max_depth: int) -> Unwrapped:
    """The event in a CloudEvent of the JSON format.

    Raises `InvalidJson` where it is no I-JSON, `InvalidEvent` where it is no CloudEvent or its data is no JSON, with
    pointers into the CloudEvent; `UnsupportedMedia` where it says that its data is something else.
    """
    document = json.parse(envelope, max_depth + 1)
    if not isinstance(document, dict):
        raise InvalidEvent((Problem("validation", "a CloudEvent must be an object", pointer="", keyword="type"),))
    if problems := tuple(_problems(document)):
        raise InvalidEvent(problems)
    media = document.get("datacontenttype")
    if media is not None and not (isinstance(media, str) and is_json(media)):
        raise UnsupportedMedia("datacontenttype: events are JSON: application/json")
    return Unwrapped(document["id"], bytes(_data.decode(envelope).data), document["data"])


def id_in_headers(fields: dict[bytes, list[bytes]]) -> str:
    """The id of a CloudEvent in binary mode, by its header fields (name -> values); raises `InvalidEvent`."""
    found: dict[str, Any] = {}
    for name in HEADERS:
        values = fields.get(name, [])
        if values:
            found[name[3:].decode()] = _value(values[0]) if len(set(values)) == 1 else None
    if problems := tuple(_attribute_problems(found, header=True)):
        raise InvalidEvent(problems)
    event_id: str = found["id"]
    return event_id


def _problems(document: dict[str, Any]) -> Iterator[Problem]:
    yield from _attribute_problems({name: value for name, value in document.items() if value is not None})
    if document.get("data_base64") is not None:
        text = "must not be there: an event is JSON, which stands in data"
        yield Problem("validation", text, pointer="/data_base64")
    elif "data" not in document:
        yield Problem("validation", "must have data: it is the event", pointer="", keyword="required", property="data")


def _attribute_problems(found: dict[str, Any], *, header: bool = False) -> Iterator[Problem]:
    for name, text in _TEXTS.items():
        label = f"ce-{name} " if header else ""
        if name not in found:
            message = f"{label}is missing" if header else f"must have {name}"
            pointer = None if header else ""
            yield Problem("validation", message, pointer=pointer, keyword="required", property=name)
        elif not _is_right(name, found[name]):
            yield Problem("validation", f"{label}{text}", pointer=None if header else f"/{name}")


def _is_right(name: str, value: object) -> bool:
    if not isinstance(value, str):
        return False
    return value == _VERSION if name == "specversion" else ids.is_event_id(value) if name == "id" else bool(value)


def _value(field: bytes) -> str | None:
    """A header's text: unquoted, then percent-decoded once (CloudEvents HTTP binding, section 3.1.3.2)."""
    field = field.strip()
    if len(field) > 1 and field.startswith(b'"') and field.endswith(b'"'):
        field = _unescaped(field[1:-1])
    try:
        return unquote_to_bytes(field).decode()
    except UnicodeDecodeError:
        return None


def _unescaped(text: bytes) -> bytes:
    parts = text.split(b"\\\\")
    return b"\\".join(part.replace(b"\\", b"") for part in parts)
