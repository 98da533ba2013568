"""Batches taken apart, into the bytes of their items. What an item holds is not looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from itertools import islice
from typing import Final

import msgspec

from eventgate.core import json
from eventgate.errors import BatchTooLong, InvalidJson

_LINE: Final = re.compile(rb"[^ \t\r\n][^\n]*")
"""A line that is not blank, from its first character on. NDJSON's lines end with LF; CR is white space to JSON."""

_MOST_FIELDS: Final = 10_000
"""Beyond it a Struct is slow to make; who allows longer batches has the memory for their elements."""
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])


def lines(body: bytes, most: int) -> list[bytes]:
    """The lines of NDJSON that are not blank, without surrounding white space.

    Raises `BatchTooLong` for more than `most`, `InvalidJson` for none.
    """
    stream = BytesIO(body)  # jumps from one line end to the next, where `split` and expressions look at every byte
    found = [line for part in islice(stream, most) if (line := part.strip(json.WHITE_SPACE))]
    found += [match[0].rstrip(json.WHITE_SPACE) for match in islice(_LINE.finditer(stream.read()), most + 1)]
    if len(found) > most:
        raise BatchTooLong(most)
    return _not_empty(found)


def elements(body: bytes, most: int) -> list[bytes]:
    """The elements of a JSON array, each as it stands there. Lone strings are not checked to be UTF-8.

    Raises `BatchTooLong` for more than `most`, `InvalidJson` where `body` is no array or an empty one.
    """
    body = body.strip(json.WHITE_SPACE)
    try:
        found = _decoded(body, most)
    except msgspec.ValidationError:
        raise InvalidJson("a batch of CloudEvents is a JSON array") from None
    except msgspec.DecodeError as error:
        raise InvalidJson(json.explain(body, str(error))) from None
    except RecursionError:
        raise InvalidJson("arrays and objects are nested too deep") from None
    if len(found) > most:
        raise BatchTooLong(most)
    return _not_empty([bytes(element) for element in found])


def _not_empty(items: list[bytes]) -> list[bytes]:
    if not items:
        raise InvalidJson("the batch holds no event")
    return items


def _decoded(body: bytes, most: int) -> Sequence[msgspec.Raw]:
    """The first `most + 1` elements; what comes after them is passed over, so that a long array costs no memory."""
    if most > _MOST_FIELDS:
        return _list.decode(body)
    slots = msgspec.structs.astuple(_array(most).decode(body))
    return slots[: slots.index(None)] if None in slots else slots


@lru_cache(maxsize=4)
def _array(most: int) -> msgspec.json.Decoder[msgspec.Struct]:
    """Decodes into a Struct that is written as an array: the one form of which msgspec leaves out what is too much."""
    fields = [(f"element{index}", msgspec.Raw, None) for index in range(most + 1)]
    return msgspec.json.Decoder(msgspec.defstruct("Elements", fields, array_like=True))
