"""What jsonb can never hold, told from the event alone (PostgreSQL, "JSON Types" and "Numeric Types")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from eventgate.core.model import Event, Unacceptable
from eventgate.core.pointer import join

MAX_BYTES: Final = 255 * 1024 * 1024
"""A jsonb value has less than 256 MiB; a body over this has no room in one."""
MAX_PLACES: Final = 16383
"""Decimal places of a numeric."""
MAX_EXPONENT: Final = 1_073_741_822
"""Exponents past this are not even read; only those of zero get so far."""
MAX_ITEMS: Final = 16_777_216
"""Items that one array can be read with: twice as many would take a gigabyte."""
MAX_POINTED_BYTES: Final = 64 * 1024
"""In larger bodies the place is not looked for: it takes longer than the answer is worth."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""Exact: a backslash is nowhere but in strings, and an odd number of them begins an escape."""
_KINDS = bytes(48 if byte in b"0123456789" else 101 if byte in b"eE" else byte for byte in range(256))
"""Every digit a 0, E as e."""
_LONG_EXPONENT = b"0e00000"
_LONG_FRACTION = b"." + b"0" * 6384
_ODD_NUMBER = re.compile(rb"[0-9][eE](?:-0*[1-9][0-9]{4}|\+?0*[1-9][0-9]{9})|\.[0-9]{6384}")
"""May be a number with too many places: none has fewer than 6,384 of them or an exponent of 5 digits. Or a string."""
_TOKEN = re.compile(
    rb'"(?P<string>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<mark>[\[\]{},:])'
    rb"|(?P<number>-?[0-9]+(?:\.(?P<places>[0-9]*))?(?:[eE](?P<exponent>[+-]?[0-9]+))?)"
)


def refusal(event: Event) -> Unacceptable | None:
    """Why no table of any database takes `event`; None if one may."""
    try:
        names = f"{event.topic}{event.event_id}{event.subject}".encode()
    except UnicodeEncodeError:
        return Unacceptable("PostgreSQL cannot hold an event id or subject with lone surrogates")
    if b"\0" in names:
        return Unacceptable("PostgreSQL cannot hold an event id or subject with a NUL character")
    if len(event.body) > MAX_BYTES:
        return Unacceptable(f"PostgreSQL cannot hold events over {MAX_BYTES:,} bytes", too_large=True)
    if b"\\" in event.body and b"\\u0000" in event.body and _NUL.search(event.body):
        return Unacceptable("PostgreSQL cannot hold a NUL character in a string", _place(event.body, _has_nul))
    if _may_be_odd(event.body) and any(_is_too_fine(token) for token in _TOKEN.finditer(event.body)):
        message = f"PostgreSQL cannot hold a number with over {MAX_PLACES:,} decimal places"
        return Unacceptable(message, _place(event.body, _is_too_fine))
    if len(event.body) >= MAX_ITEMS and event.body.count(b",") >= MAX_ITEMS and _has_long_array(event.document):
        return Unacceptable(f"PostgreSQL cannot hold an array of over {MAX_ITEMS:,} items", too_large=True)
    return None


def _may_be_odd(body: bytes) -> bool:
    """As `_ODD_NUMBER` says. That takes 15 us for 700 bytes; most hold nothing of its form, which takes 1.5 to see."""
    kinds = body.translate(_KINDS, b"+-")
    return (_LONG_EXPONENT in kinds or _LONG_FRACTION in kinds) and _ODD_NUMBER.search(body) is not None


def _has_nul(token: re.Match[bytes]) -> bool:
    return token["string"] is not None and _NUL.search(token["string"]) is not None


def _is_too_fine(token: re.Match[bytes]) -> bool:
    if token["number"] is None:
        return False
    exponent = token["exponent"] or b"0"
    digits = exponent.lstrip(b"+-").lstrip(b"0") or b"0"
    if len(digits) > len(str(MAX_EXPONENT)) or int(digits) > MAX_EXPONENT:
        return True
    shift = -int(digits) if exponent.startswith(b"-") else int(digits)
    return len(token["places"] or b"") - shift > MAX_PLACES


def _has_long_array(document: Any) -> bool:
    stack = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            return True
        if isinstance(value, list | dict):
            inner = value.values() if isinstance(value, dict) else value
            stack.extend(each for each in inner if isinstance(each, list | dict))
    return False


def _place(body: bytes, is_it: Any) -> str | None:
    """The JSON Pointer of the first value, or of the object with the first member name, that `is_it` holds of."""
    if len(body) > MAX_POINTED_BYTES:
        return None
    return next((pointer for token, pointer in _tokens(body) if is_it(token)), None)


def _tokens(body: bytes) -> Iterator[tuple[re.Match[bytes], str]]:
    """Every string and number of a valid document with its pointer; a member's name has that of its object."""
    path: list[str | int] = []
    names: list[bool] = []  # of each open container: whether it is an object that expects a name
    for token in _TOKEN.finditer(body):
        mark = token["mark"]
        if mark in (b"[", b"{"):
            names.append(mark == b"{")
            path.append(0 if mark == b"[" else "")
        elif mark in (b"]", b"}"):
            names.pop()
            path.pop()
        elif mark == b":":
            names[-1] = False
        elif mark == b",":
            step = path[-1]
            path[-1] = step + 1 if isinstance(step, int) else ""
            names[-1] = not isinstance(step, int)
        elif names and names[-1]:
            yield token, join(path[:-1])
            path[-1] = _text(token)
        else:
            yield token, join(path)


def _text(token: re.Match[bytes]) -> str:
    return msgspec.json.decode(token[0], type=str) if token["string"] is not None else ""
