"""Patterns that run in linear time, whatever they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import jsonschema_rs

from eventgate.core.schema.graph import Node, SchemaGraph
from eventgate.core.schema.repetition import MOST_PLACES, repeats_too_often

_TOO_SLOW: Final = "cannot run in linear time (look-around or a back reference)"
_TOO_OFTEN: Final = f"repeats what varies in length itself, more than {MOST_PLACES} places in all"
_NO_PATTERN: Final = "is no regular expression, or one that is too large"


def check_patterns(graph: SchemaGraph) -> None:
    """Raises `SchemaError` for a pattern that does not run in linear time, repeats too often, or is none."""
    for node in graph.reached():
        if isinstance(node.value, dict):
            for keyword, pattern, tokens in _patterns(node):
                if not _compiles(pattern, jsonschema_rs.RegexOptions()):
                    known = _compiles(pattern, jsonschema_rs.FancyRegexOptions())
                    why = _TOO_SLOW if known else _NO_PATTERN
                    raise node.resource.document.fault(f"the {keyword} {why}", (*node.tokens, *tokens))
                if repeats_too_often(pattern):
                    raise node.resource.document.fault(f"the {keyword} {_TOO_OFTEN}", (*node.tokens, *tokens))


def _patterns(node: Node) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if isinstance(node.value.get("pattern"), str):
        yield "pattern", node.value["pattern"], ("pattern",)
    for edge in node.under("patternProperties"):
        yield "pattern", str(edge.token), ("patternProperties", str(edge.token))


def _compiles(pattern: str, options: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions) -> bool:
    try:
        jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options, offline=True)
    except jsonschema_rs.ValidationError:
        return False
    return True
