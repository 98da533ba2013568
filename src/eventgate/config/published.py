"""The JSON Schema of config.json, for editors: `eventgate check --schema`."""

from __future__ import annotations

from typing import Any, Final

from eventgate.config.settings import ANNOTATIONS, Settings, TopicSettings
from eventgate.config.shape import struct_schema
from eventgate.core.writer import WriterSpec
from eventgate.writers.registry import find_spec, known_types

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPE: Final = "Type of the writer; its name where not given."


def config_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of config.json, with the settings of every writer type that is installed."""
    specs = _specs()
    definitions = {"config": _moved(struct_schema(Settings), "config"), "topic": _topic(), "writer": _typed(specs)}
    definitions.update({f"writer.{type_}": _writer(type_, spec) for type_, spec in specs.items()})
    config = definitions["config"]["$defs"]["Settings"]
    config["properties"].update({name: {} for name in ANNOTATIONS})
    _choice(config["properties"]["topics"], "object")["additionalProperties"] = {"$ref": "#/$defs/topic"}
    config["properties"]["writers"].update(_writers(specs))
    return {"$schema": _DIALECT, "title": "EventGate config.json", "$ref": "#/$defs/config", "$defs": definitions}


def _specs() -> dict[str, WriterSpec]:
    specs = {}
    for type_ in known_types():
        try:
            specs[type_] = find_spec(type_)
        except LookupError:
            continue  # a plugin that cannot be imported is a finding of `check`, not of this
    return specs


def _topic() -> dict[str, Any]:
    schema = _moved(struct_schema(TopicSettings), "topic")
    writers = schema["$defs"]["TopicSettings"]["properties"]["writers"]
    required = {"type": "boolean", "default": True, "description": "Whether the answer depends on this writer."}
    _choice(writers, "object")["additionalProperties"] = {"type": "object", "properties": {"required": required}}
    return schema


def _writer(type_: str, spec: WriterSpec) -> dict[str, Any]:
    name = f"writer.{type_}"
    schema = _moved(struct_schema(spec.settings), name)
    settings = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    settings["properties"] = {"type": {"const": type_, "description": _TYPE}, **settings.get("properties", {})}
    if spec.summary:
        settings["description"] = spec.summary
    return schema


def _writers(specs: dict[str, WriterSpec]) -> dict[str, Any]:
    """Which schema an entry of `writers` has: that of its `type`, else that of its name."""
    typed = {"$ref": "#/$defs/writer"}
    by_name = {
        type_: {"if": {"required": ["type"]}, "then": typed, "else": {"$ref": f"#/$defs/writer.{type_}"}}
        for type_ in specs
    }
    return {"properties": by_name, "additionalProperties": typed}


def _typed(specs: dict[str, WriterSpec]) -> dict[str, Any]:
    """The schema of an entry of `writers` that says its type."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(specs), "description": _TYPE}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": type_}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/writer.{type_}"},
            }
            for type_ in specs
        ],
    }


def _choice(schema: dict[str, Any], type_: str) -> dict[str, Any]:
    """The alternative of `schema` that takes values of `type_`."""
    found: dict[str, Any] = next(choice for choice in schema["anyOf"] if choice.get("type") == type_)
    return found


def _moved(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy of `schema` that works as `#/$defs/NAME`."""
    return {
        key: f"#/$defs/{name}/{value[2:]}" if key == "$ref" else _copy(value, name) for key, value in schema.items()
    }


def _copy(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return _moved(value, name)
    return [_copy(item, name) for item in value] if isinstance(value, list) else value
