"""What the tests of schemas share."""

from __future__ import annotations

import json
from typing import Any

from eventgate.core.topics import CompiledSchema, compile_schema
from eventgate.errors import InvalidEvent, Problem, SchemaError

DRAFTS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def compiled(schema: Any, /, *, files: dict[str, Any] | None = None, assert_formats: bool = True) -> CompiledSchema:
    """`schema` as the topic file `runs.json` beside `files`."""
    texts = {name: text_of(content) for name, content in (files or {}).items()}
    return compile_schema(text_of(schema), uri="runs.json", resources=texts, assert_formats=assert_formats)


def text_of(schema: Any) -> bytes:
    return schema if isinstance(schema, bytes) else json.dumps(schema).encode()


def refusal(schema: Any, /, files: dict[str, Any] | None = None) -> SchemaError:
    """Why `schema` cannot be loaded."""
    try:
        compiled(schema, files=files)
    except SchemaError as error:
        return error
    raise AssertionError("the schema was loaded")


def takes(schema: CompiledSchema, document: Any) -> bool:
    """Whether `schema` lets `document` pass."""
    try:
        schema.check(document, 100)
    except InvalidEvent:
        return False
    return True


def problems(schema: Any, document: Any, /, size: int = 100, files: dict[str, Any] | None = None) -> list[Problem]:
    """What is wrong with `document`."""
    return list(refused(schema, document, size, files).problems)


def refused(schema: Any, document: Any, size: int = 100, files: dict[str, Any] | None = None) -> InvalidEvent:
    """The refusal of `document`."""
    made = schema if isinstance(schema, CompiledSchema) else compiled(schema, files=files)
    try:
        made.check(document, size)
    except InvalidEvent as error:
        return error
    raise AssertionError("the event was taken")
