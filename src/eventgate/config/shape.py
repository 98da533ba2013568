"""Documents checked against the Structs that describe them: every finding at once, each with its place and a hint."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from eventgate.config.suggest import did_you_mean
from eventgate.core.pointer import join
from eventgate.errors import Finding

T = TypeVar("T", bound=msgspec.Struct)

_ARTICLES: Final = {"array": "an array", "integer": "an integer", "object": "an object", "null": "null"}
_LIMITS: Final = {
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "must have at most {limit} entries",
    "minProperties": "must have at least {limit} members",
}


def parse_struct(
    document: Any, type_: type[T], *, file: str, pointer: str = ""
) -> tuple[T | None, tuple[Finding, ...]]:
    """`document` as a `type_`, or None with all that keeps it from being one.

    `pointer` is the place of `document` in `file`. Findings hold no values, since those may be secrets.
    """
    try:
        made, wrong = msgspec.convert(document, type_), None
    except msgspec.ValidationError as error:
        made, wrong = None, (Finding("error", file, _plain(error), pointer),)
    if made is not None and _is_all_in(document, msgspec.to_builtins(made, enc_hook=str)):
        return made, ()  # without the schema, which takes longer to make than all else that opening a gate does
    findings = tuple(sorted(_findings(document, type_, file, pointer), key=lambda finding: finding.pointer))
    return (None, findings) if findings else (made, wrong or ())


def _is_all_in(document: Any, taken: Any) -> bool:
    """Whether a Struct that was made of `document`, and is `taken` apart again, has all of its members.

    Where not, the schema knows whether something is wrong, and what; as it does with a final line break, which `$`
    in a pattern lets pass in Python alone.
    """
    if isinstance(document, dict):
        return isinstance(taken, dict) and all(
            name in taken and _is_all_in(item, taken[name]) for name, item in document.items()
        )
    if isinstance(document, list):
        return isinstance(taken, list | tuple) and all(map(_is_all_in, document, taken))
    return not (isinstance(document, str) and document.endswith("\n"))


@functools.lru_cache(maxsize=256)
def struct_schema(type_: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of a Struct. Members that it does not name are no part of it, whatever the Struct itself says."""
    schema: dict[str, Any] = msgspec.to_builtins(msgspec.json.schema(type_))
    for definition in schema["$defs"].values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return schema


@functools.lru_cache(maxsize=256)
def _validator(type_: type[msgspec.Struct]) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(struct_schema(type_), validate_formats=False)


def _findings(document: Any, type_: type[msgspec.Struct], file: str, pointer: str) -> Iterator[Finding]:
    schema = struct_schema(type_)
    for error in _leaves(_validator(type_).iter_errors(_unveiled(document))):
        place = pointer + join(error.instance_path)
        keyword, detail = error.kind.name, error.kind.as_dict()
        if keyword == "additionalProperties":
            known = _at(schema, error.schema_path[:-1]).get("properties", {})
            for name in detail["unexpected"]:
                yield Finding("error", file, "unknown key", place + join([name]), did_you_mean(name, known))
        elif keyword == "required":
            yield Finding("error", file, f"`{detail['property']}` is missing", place)
        else:
            hint = did_you_mean(str(error.instance), map(str, detail["options"])) if keyword == "enum" else None
            yield Finding("error", file, _message(keyword, detail, error.instance), place, hint)


def _unveiled(value: Any) -> Any:
    """A copy without subclasses of `str` (secrets), which the validator does not take for strings."""
    if isinstance(value, dict):
        return {name: _unveiled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_unveiled(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _leaves(errors: Any) -> Iterator[Any]:
    """Errors without the unions around them: of several choices, the one whose kind of value is there."""
    for error in errors:
        if error.kind.name != "anyOf":
            yield error
            continue
        branches = [list(_leaves(branch)) for branch in error.kind.context]
        depth = len(error.instance_path)
        near = [b for b in branches if not any(e.kind.name == "type" and len(e.instance_path) == depth for e in b)]
        yield from near[0] if near else [_NoneOf(error, [t for b in branches for e in b for t in _types(e)])]


class _NoneOf:
    """A value that is of none of the kinds that a union takes; it looks like one error of the keyword `type`."""

    name = "type"

    def __init__(self, error: Any, types: list[str]) -> None:
        self.instance_path, self.schema_path, self.instance = error.instance_path, error.schema_path, error.instance
        self.kind = self
        self._types = types

    def as_dict(self) -> Mapping[str, Any]:
        return {"types": self._types}


def _types(error: Any) -> list[str]:
    return list(error.kind.as_dict().get("types", ()))


def _message(keyword: str, detail: Mapping[str, Any], value: Any) -> str:
    if keyword == "type":
        wanted = " or ".join(_ARTICLES.get(name, f"a {name}") for name in detail["types"])
        return f"must be {wanted}, not {_kind(value)}"
    if keyword == "enum":
        return f"must be one of {', '.join(map(str, detail['options']))}"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(limit=detail["limit"])
    return f"does not fit (`{keyword}`)"


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return "null" if value is None else "a boolean" if isinstance(value, bool) else "a number"


def _at(schema: Mapping[str, Any], path: list[str | int]) -> Mapping[str, Any]:
    found: Any = schema
    for step in path:
        found = found[step]
    return found if isinstance(found, Mapping) else {}


def _plain(error: msgspec.ValidationError) -> str:
    """msgspec names kinds and places, never values."""
    return str(error).replace("`", "").replace("$.", "").replace("Expected", "must be").replace(", got", ", not")
