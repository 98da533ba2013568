"""The files of a schema graph with every reference absolute, for the library that judges."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import unquote, urldefrag

from eventgate.core.schema.graph import Node, SchemaGraph
from eventgate.core.schema.keywords import SCHEMA_URIS, Draft, since


def rewritten(graph: SchemaGraph) -> dict[str, Any]:
    """Every file by our address for it: ids are our addresses, references are absolute, the draft is named."""
    values = {document.url: copy.deepcopy(document.value) for document in graph.documents}
    for node in graph.nodes:
        value = values[node.resource.document.url]
        for token in node.tokens:
            value = value[token]
        if isinstance(value, dict):
            _rewrite(value, node)
    for document in graph.documents:
        if isinstance(document.value, dict):
            values[document.url]["$schema"] = schema_uri(document.draft)
    return values


def schema_uri(draft: Draft) -> str:
    """The `$schema` of a draft as its specification writes it."""
    return SCHEMA_URIS[draft] + "#" * (not since(draft, "2019-09"))


def _rewrite(value: dict[str, Any], node: Node) -> None:
    identifier = "id" if node.draft == "4" else "$id"
    if since(node.draft, "2019-09") or "$ref" not in value:
        value.pop(identifier, None)
        if node.tokens and node.tokens == node.resource.tokens:
            value[identifier] = node.resource.url
    value.pop("$anchor", None)
    for edge in node.under("$ref"):
        value["$ref"] = edge.target.url
    for edge in node.under("$dynamicRef")[:1]:
        name = urldefrag(value["$dynamicRef"])[1]
        is_dynamic = unquote(name) in edge.target.resource.dynamic
        value["$dynamicRef"] = f"{edge.target.resource.url}#{name}" if is_dynamic else edge.target.url
