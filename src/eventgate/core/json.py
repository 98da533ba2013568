"""Strict I-JSON in (RFC 7493): what two parsers could read differently is refused."""

from __future__ import annotations

import re
from itertools import accumulate
from math import isinf
from typing import Any

import msgspec

from eventgate.errors import InvalidJson

WHITE_SPACE = b" \t\r\n"
"""What JSON calls insignificant white space (RFC 8259, section 2)."""


def _double(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError
    return value


_decoder = msgspec.json.Decoder()
_patient_decoder = msgspec.json.Decoder(float_hook=_double)
_encoder = msgspec.json.Encoder()

_LARGEST = int(1.7976931348623157e308)
_DOUBLES = range(-_LARGEST, _LARGEST + 1)
_HUGE_DIGITS = 309
"""Fewest digits of an integer beyond a double's range."""
_DIGITS = b"0123456789"
_LONG_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{3}")
_MANY_BYTES = 8192
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_ALL_BUT_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_DETAIL = re.compile(r"JSON is malformed: (.*)")


def parse(body: bytes, max_depth: int) -> Any:
    """The one I-JSON document that `body` holds; raises `InvalidJson`.

    `body` has no surrounding white space. `max_depth` bounds the nesting of arrays and objects (an array of numbers
    has depth 1). Integers keep their exact value; other numbers become the nearest double.
    """
    document = _decode(body, max_depth)
    if _brackets(body) > max_depth and _depth(body) > max_depth:
        raise _too_deep(max_depth)
    if _may_hold_huge(body) and holds_integer_outside(_DOUBLES, document):
        raise InvalidJson("a number is beyond the range of a double")
    if _has_duplicates(body, document):
        raise InvalidJson("an object names a member twice")
    return document


def reread(body: bytes) -> Any:
    """The document in `body`, of which `parse` has found that it is one."""
    return _decode(body, max_depth=0)


def scalar_text(value: Any) -> str | None:
    """A string as it is, an integer or boolean as its JSON text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else None


def holds_integer_outside(bounds: range, document: Any) -> bool:
    """Whether an integer anywhere in `document`, a parsed one, is not within `bounds`."""
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, int) and value not in bounds:
            return True
    return False


def _decode(body: bytes, max_depth: int) -> Any:
    decoder = _decoder
    if len(body) > _MANY_BYTES and _LONG_EXPONENT.search(body):
        decoder = _patient_decoder  # the other takes 10 us for each number near the ends of a double's range
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise InvalidJson("a number is beyond the range of a double") from None
    except msgspec.DecodeError as error:
        raise InvalidJson(explain(body, str(error))) from None
    except UnicodeDecodeError:
        raise InvalidJson("the body is not UTF-8") from None
    except RecursionError:
        raise _too_deep(max_depth) from None


def explain(body: bytes, message: str) -> str:
    """Why `body` is not one JSON document, for people; `message` is what msgspec says of it."""
    if not body:
        return "the body is empty"
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "the body begins with a byte order mark; JSON is UTF-8 without one"
    if _SURROGATE.search(body) and ("surrogate" in message or "truncated" in message):
        return "a string holds a lone surrogate, or the body ends early"
    if detail := _DETAIL.match(message):
        return f"the body is not one JSON document: {detail[1]}"
    return "the body is not one JSON document: it ends early"


def _too_deep(max_depth: int) -> InvalidJson:
    return InvalidJson(f"arrays and objects are nested deeper than {max_depth}")


def _brackets(body: bytes) -> int:
    """How many open; `count` would look at every byte, `replace` jumps from one to the next."""
    return 2 * len(body) - len(body.replace(b"[", b"")) - len(body.replace(b"{", b""))


def _depth(body: bytes) -> int:
    """The nesting depth of valid JSON: strings are cut away, then brackets are counted up and down."""
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    marks = unescaped.translate(_STEPS, _ALL_BUT_MARKS).replace(b'""', b"")
    steps = b"".join(marks.split(b'"')[::2])
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _may_hold_huge(body: bytes) -> bool:
    """Whether so many digits stand in a row. If they do, one of them is a 309th byte: that rules most bodies out."""
    for middle in range(_HUGE_DIGITS - 1, len(body), _HUGE_DIGITS):
        if body[middle] in _DIGITS:
            before, after = body[middle - _HUGE_DIGITS + 1 : middle], body[middle : middle + _HUGE_DIGITS]
            if len(before) - len(before.rstrip(_DIGITS)) + len(after) - len(after.lstrip(_DIGITS)) >= _HUGE_DIGITS:
                return True
    return False


def _has_duplicates(body: bytes, document: Any) -> bool:
    """Whether parsing dropped a member.

    The parser keeps the last of two equal names, so its re-encoding has fewer quotes than the body. That costs a tenth
    of a second parse in Python. Of a body without white space the re-encoding is mostly the body itself, and counting,
    byte by byte, would cost as much as to encode.
    """
    encoded = _encoder.encode(document)
    return encoded != body and _quotes(body) != encoded.count(b'"')


def _quotes(body: bytes) -> int:
    """How many quotes `body` holds, those written as `\\u0022` among them, which is not what follows a backslash."""
    found = body.count(b'"')
    if b"\\u0022" in body:
        found += body.replace(b"\\\\", b"").count(b"\\u0022")
    return found
