"""Configuration files as text: JSON read strictly, and what is wrong with it said with line and column."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from eventgate.errors import SourceError

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def parse_file(content: bytes) -> Any:
    """The JSON document in `content`; raises `SourceError` with a text for people.

    Refuses what two readers could take differently: a name given twice, NaN, numbers beyond a double, other encodings.
    """
    if not content.strip():
        raise SourceError("the file is empty")
    if content.startswith(_BYTE_ORDER_MARKS):
        raise SourceError("begins with a byte order mark; save it as UTF-8 without one")
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refuse, parse_float=_finite
        )
        if b"\\u" in content:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
        return document
    except UnicodeEncodeError:
        raise SourceError("a string holds a lone surrogate") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"is not JSON: {error.msg.lower()}, line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise SourceError("is nested too deeply") from None
    except ValueError:
        raise SourceError("holds a number that is too long") from None


def raw_members(content: bytes, name: str) -> dict[str, msgspec.Raw]:
    """The members of the object that is member `name` of a valid JSON object (of that object itself if `name` is
    empty), each as it was written."""
    members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    return msgspec.json.decode(members[name], type=dict[str, msgspec.Raw]) if name else members


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SourceError(f"an object names the member {json.dumps(twice)} twice")
    return members


def _refuse(constant: str) -> Any:
    raise SourceError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise SourceError("a number is beyond the range of a double")
    return number
