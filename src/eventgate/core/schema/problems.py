"""Texts of validation problems: made from a keyword and the schema, never from an event's values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import jsonschema_rs
import msgspec

MAX_LISTED: Final = 200
"""Characters of one list of schema values in a text."""
MAX_VALUE: Final = 100
"""Characters of one schema value in a text."""

_ARTICLES: Final = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def show(value: Any, limit: int = MAX_VALUE) -> str:
    """A schema's value as JSON text, cut after `limit` characters."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= limit else f"{text[:limit]}..."


def listed(texts: Iterable[str], limit: int = MAX_LISTED, beyond: int = 0) -> str:
    """`texts` with commas, as many as fit into `limit` characters (one at least), and how many more there are.

    `beyond` counts those that are left out of `texts`.
    """
    every = list(texts)
    shown: list[str] = []
    room = limit
    for text in every:
        room -= len(text) + 2
        if shown and room < 0:
            break
        shown.append(text)
    more = len(every) - len(shown) + beyond
    return ", ".join(shown) + (f" and {more} more" if more else "")


def one_of(options: list[Any]) -> str:
    """What an `enum` wants."""
    first = options[:MAX_LISTED]
    return f"must be one of {listed(map(show, first), beyond=len(options) - len(first))}"


def wrong_type(types: str | list[str]) -> str:
    """What a `type` keyword wants."""
    names = [types] if isinstance(types, str) else types
    return f"must be {' or '.join(_ARTICLES.get(name, name) for name in names)}"


def count(number: int, noun: str) -> str:
    """`number` of `noun`, which takes an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


Texts = Mapping[str, Callable[[Mapping[str, Any]], str]]

ASSERTION_TEXTS: Final[Texts] = {
    "Type": lambda kind: wrong_type(kind["types"]),
    "Enum": lambda kind: one_of(kind["options"]),
    "Constant": lambda kind: f"must be {show(kind['expected_value'])}",
    "MultipleOf": lambda kind: f"must be a multiple of {show(kind['multiple_of'])}",
    "Maximum": lambda kind: f"must be at most {show(kind['limit'])}",
    "ExclusiveMaximum": lambda kind: f"must be less than {show(kind['limit'])}",
    "Minimum": lambda kind: f"must be at least {show(kind['limit'])}",
    "ExclusiveMinimum": lambda kind: f"must be greater than {show(kind['limit'])}",
    "MaxLength": lambda kind: f"must have at most {count(kind['limit'], 'character')}",
    "MinLength": lambda kind: f"must have at least {count(kind['limit'], 'character')}",
    "Pattern": lambda kind: f"must match the pattern {show(kind['pattern'], MAX_LISTED)}",
    "Format": lambda kind: f"must have the format {show(kind['format'])}",
    "ContentEncoding": lambda kind: f"must be encoded as {show(kind['content_encoding'])}",
    "ContentMediaType": lambda kind: f"must hold the media type {show(kind['content_media_type'])}",
    "FromUtf8": lambda _: "must be UTF-8 when decoded",
    "MaxItems": lambda kind: f"must have at most {count(kind['limit'], 'item')}",
    "MinItems": lambda kind: f"must have at least {count(kind['limit'], 'item')}",
    "UniqueItems": lambda _: "must not have two equal items",
    "Custom": lambda _: "must not have two equal items",
    "MaxProperties": lambda kind: f"must have at most {count(kind['limit'], 'member')}",
    "MinProperties": lambda kind: f"must have at least {count(kind['limit'], 'member')}",
}
"""For each kind of error that a schema without subschemas can give (`Custom` is our own `uniqueItems`)."""

STRUCTURAL_KINDS: Final = frozenset(
    {
        "AdditionalItems",
        "AdditionalProperties",
        "AnyOf",
        "Contains",
        "FalseSchema",
        "Not",
        "OneOfMultipleValid",
        "OneOfNotValid",
        "PropertyNames",
        "Required",
        "UnevaluatedItems",
        "UnevaluatedProperties",
    }
)
"""Kinds that the explanation finds by itself, from the subschemas."""

LOADING_KINDS: Final = frozenset({"BacktrackLimitExceeded", "RegexEngineFailure", "Referencing"})
"""Kinds that cannot come up once a schema is loaded: linear-time patterns, resolved references."""


def assertion_text(error: jsonschema_rs.ValidationError) -> str:
    """What the keyword that `error` is of wants."""
    text = ASSERTION_TEXTS.get(type(error.kind).__name__)
    return "is not what the schema wants" if text is None else text(error.kind.as_dict())


def describe_schema_fault(error: jsonschema_rs.ValidationError) -> str:
    """Why a schema is none: what its meta-schema says of the place at `error.instance_path`."""
    path = error.instance_path
    keyword = next((token for token in reversed(path) if isinstance(token, str)), None)
    subject = "the schema" if keyword is None else show(keyword)
    kind = error.kind.as_dict()
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        return f"{subject} needs {show(kind['property'])}"
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return "a reference or an id cannot be resolved"
    if type(error.kind).__name__ in ASSERTION_TEXTS:
        return f"{subject} {assertion_text(error)}"
    return f"{subject} has a value that JSON Schema does not know"
