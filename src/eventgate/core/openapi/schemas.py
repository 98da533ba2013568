"""Topics' schemas as components of an OpenAPI 3.1 document, whose dialect is JSON Schema 2020-12."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from eventgate.core.schema.graph import Edge, Node, SchemaGraph
from eventgate.core.schema.keywords import ASSERTIONS, HOLDERS, Draft, since
from eventgate.core.topics import CompiledSchema, Topic

PREFIX: Final = "#/components/schemas/"

_ANNOTATIONS: Final[dict[str, Draft]] = {
    "title": "4",
    "description": "4",
    "default": "4",
    "examples": "6",
    "$comment": "7",
    "readOnly": "7",
    "writeOnly": "7",
    "deprecated": "2019-09",
}
_OWN: Final[dict[str, Draft]] = {
    **_ANNOTATIONS,
    **ASSERTIONS,
    "required": "4",
    "dependentRequired": "2019-09",
    "minContains": "2019-09",
    "maxContains": "2019-09",
}
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")


class _InexpressibleError(Exception):
    """A schema that no 2020-12 schema without dynamic references says the same as."""


class Components:
    """`schemas` by component name. `taken` are names that others have."""

    def __init__(self, topics: Iterable[Topic], taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self.schemas: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        ordered = sorted(topics, key=lambda topic: topic.name)
        for topic in ordered:
            self._names[topic.name] = self._free(topic.name)
        for topic in ordered:
            self.schemas.update(self._converted(topic))

    def reference(self, topic: Topic) -> dict[str, str]:
        """A reference to the schema of `topic`."""
        return {"$ref": PREFIX + self._names[topic.name]}

    def _converted(self, topic: Topic) -> dict[str, Any]:
        name = self._names[topic.name]
        taken = set(self._taken)
        try:
            return self._reached(topic.schema, name)
        except _InexpressibleError:
            self._taken = taken
            return {name: True}

    def _reached(self, schema: CompiledSchema, name: str) -> dict[str, Any]:
        graph = schema.graph
        names = {graph.root: name}
        schemas: dict[str, Any] = {}
        pending = [graph.root]
        _check_contains(graph)
        while pending:
            node = pending.pop()
            conversion = _Conversion(schema, names)
            schemas[names[node]] = conversion.convert(node)
            for target in conversion.unnamed:
                if target not in names:
                    names[target] = self._free(f"{name}.{_last_word(target)}")
                    pending.append(target)
            if conversion.unnamed:
                pending.append(node)
        return schemas

    def _free(self, wanted: str) -> str:
        base = _NOT_IN_NAMES.sub("_", wanted) or "_"
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}-{number}", number + 1
        self._taken.add(name)
        return name


class _Conversion:
    """Converts one schema; `unnamed` are the schemas referred to that have no component yet."""

    def __init__(self, schema: CompiledSchema, names: dict[Node, str]) -> None:
        self._schema = schema
        self._names = names
        self.unnamed: list[Node] = []

    def convert(self, node: Node) -> Any:
        """The schema as 2020-12 has it, with references to components."""
        if node.meta is not None:
            raise _InexpressibleError
        if not isinstance(node.value, dict):
            return node.value
        references = [self._reference(node, keyword) for keyword in _REFERENCES if node.under(keyword)]
        if references and not since(node.draft, "2019-09"):
            return references[0]
        result = {key: held for key, held in node.value.items() if key in _OWN and since(node.draft, _OWN[key])}
        if "default" in result and not self._schema.takes(node, result["default"]):
            del result["default"]
        if node.draft == "4":
            _make_limits_exclusive(result)
        for edge in node.edges:
            self._place(result, node, edge)
        self._add_dependent_names(result, node)
        if references:
            result.update(references[0])
            if len(references) > 1:
                result["allOf"] = [*result.get("allOf", ()), *references[1:]]
        return result

    def _reference(self, node: Node, keyword: str) -> dict[str, str]:
        edges = node.under(keyword)
        target = edges[0].target
        if len(edges) > 1 or target.meta is not None:
            raise _InexpressibleError
        if target not in self._names:
            self.unnamed.append(target)
            return {}
        return {"$ref": PREFIX + self._names[target]}

    def _place(self, result: dict[str, Any], node: Node, edge: Edge) -> None:
        if edge.keyword in _REFERENCES or edge.place == "nowhere":
            return
        keyword = _keyword(node, edge)
        if keyword is None:
            return
        converted = self.convert(edge.target)
        if keyword == "dependentSchemas" and edge.token in result.get(keyword, {}):
            converted = {"allOf": [result[keyword][edge.token], converted]}
        form = "one" if edge.token is None else HOLDERS[keyword][0].form
        if form == "one":
            result[keyword] = converted
        elif form == "list":
            result.setdefault(keyword, []).append(converted)
        else:
            result.setdefault(keyword, {})[edge.token] = converted

    def _add_dependent_names(self, result: dict[str, Any], node: Node) -> None:
        wanted = {name: names for name, names in node.value.get("dependencies", {}).items() if isinstance(names, list)}
        if wanted:
            both = dict(result.get("dependentRequired", {}))
            for name, names in wanted.items():
                both[name] = [*both.get(name, ()), *(each for each in names if each not in both.get(name, ()))]
            result["dependentRequired"] = both


def _keyword(node: Node, edge: Edge) -> str | None:
    """What 2020-12 calls the keyword of `edge`; None where it has no effect."""
    if edge.keyword == "dependencies":
        return "dependentSchemas"
    if edge.keyword == "items" and edge.token is not None:
        return "prefixItems"
    if edge.keyword == "additionalItems":
        return "items" if isinstance(node.value.get("items"), list) else None
    return edge.keyword


def _make_limits_exclusive(result: dict[str, Any]) -> None:
    """Draft 4 says by a boolean beside a limit that the limit itself is outside."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if result.pop(exclusive, False) is True and limit in result:
            result[exclusive] = result.pop(limit)


def _check_contains(graph: SchemaGraph) -> None:
    """In 2020-12, unlike in 2019-09, items that `contains` wants are not left to `unevaluatedItems`."""
    old = [node for node in graph.reached() if node.draft == "2019-09"]
    if any(node.under("contains") for node in old) and any(node.under("unevaluatedItems") for node in old):
        raise _InexpressibleError


def _last_word(node: Node) -> str:
    words = [str(token) for token in node.tokens] or [node.resource.document.name.removesuffix(".json")]
    return words[-1]
