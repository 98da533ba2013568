"""Compiled validators for the parts of a schema graph."""

from __future__ import annotations

from typing import Any, Final

import jsonschema_rs

from eventgate.core.schema.enumeration import MANY, Enumeration, is_long
from eventgate.core.schema.graph import Node, SchemaGraph
from eventgate.core.schema.keywords import ASSERTIONS, HOLDERS, SCHEMA_URIS, Draft, since
from eventgate.core.schema.multiples import MultipleOf, is_slow_divisor
from eventgate.core.schema.problems import describe_schema_fault
from eventgate.core.schema.rewrite import rewritten
from eventgate.core.schema.unique_items import UniqueItems
from eventgate.errors import SchemaError

_DRAFT_CODES: Final[dict[Draft, int]] = {
    "4": jsonschema_rs.Draft4,
    "6": jsonschema_rs.Draft6,
    "7": jsonschema_rs.Draft7,
    "2019-09": jsonschema_rs.Draft201909,
    "2020-12": jsonschema_rs.Draft202012,
}
_APPLICATORS: Final = {*HOLDERS, "$ref", "$dynamicRef", "$recursiveRef", "minContains", "maxContains"}


class Validators:
    """Compiles the whole, and single schemas of it when an explanation asks for them; nothing is ever fetched."""

    def __init__(self, graph: SchemaGraph, *, assert_formats: bool) -> None:
        self._assert_formats = assert_formats
        self._files = rewritten(graph)
        self._registry = jsonschema_rs.Registry(
            list(self._files.items()), draft=None if graph.meta_draft is None else _DRAFT_CODES[graph.meta_draft]
        )
        values = [node.value for node in graph.reached() if isinstance(node.value, dict)]
        self._keywords: dict[str, type[jsonschema_rs.KeywordValidator]] = {}
        if any("uniqueItems" in value for value in values):
            self._keywords["uniqueItems"] = UniqueItems
        if any(is_long(value.get("enum")) for value in values):
            self._keywords["enum"] = Enumeration
        if any(is_slow_divisor(value.get("multipleOf")) for value in values):
            self._keywords["multipleOf"] = MultipleOf
        self._nodes: dict[Node, jsonschema_rs.Validator] = {}
        self._assertions: dict[Node, jsonschema_rs.Validator] = {}
        self._enumerations: dict[Node, Enumeration] = {}
        self._any_of: dict[tuple[Node, str], jsonschema_rs.Validator] = {}
        self._patterns: dict[str, jsonschema_rs.Validator] = {}
        url = graph.root.resource.url
        self.whole = self._compile(self._files[url], base_uri=url)

    def of(self, node: Node) -> jsonschema_rs.Validator:
        """Judges as `node` does."""
        if node not in self._nodes:
            self._nodes[node] = self._compile({"$schema": SCHEMA_URIS["2020-12"], "$ref": node.url})
        return self._nodes[node]

    def assertions(self, node: Node) -> jsonschema_rs.Validator:
        """Judges by those keywords of `node` that need no subschemas."""
        if node not in self._assertions:
            known = {key: value for key, value in node.value.items() if _asserts(key, node.draft)}
            if _has_many(node):
                del known["enum"]
            self._assertions[node] = self._compile({"$schema": SCHEMA_URIS[node.draft], **known}, explaining=True)
        return self._assertions[node]

    def matches(self, pattern: str, name: str) -> bool:
        """Whether `pattern` is found in `name`."""
        if pattern not in self._patterns:
            self._patterns[pattern] = self._compile({"pattern": pattern})
        return self._patterns[pattern].is_valid(name)

    def only_unevaluated(self, node: Node, keyword: str, instance: Any) -> bool:
        """Whether `instance` is right for the subschemas of `node`, but not for its unevaluated members or items."""
        value = self._files[node.resource.document.url]
        for token in node.tokens:
            value = value[token]
        parts = {key: held for key, held in value.items() if key in _APPLICATORS and not key.startswith("unevaluated")}
        parts["$schema"] = SCHEMA_URIS[node.draft]
        try:
            if not self._compile(parts).is_valid(instance):
                return False
            return not self._compile({**parts, keyword: value[keyword]}).is_valid(instance)
        except SchemaError:  # what a dynamic reference means away from its place may not be known
            return False

    def is_listed(self, node: Node, instance: Any) -> bool:
        """Whether the `enum` of `node`, if it is one of very many values, names `instance`."""
        if not _has_many(node):
            return True
        if node not in self._enumerations:
            self._enumerations[node] = Enumeration({}, node.value["enum"], [])
        try:
            self._enumerations[node].validate(instance)
        except ValueError:
            return False
        return True

    def any_of(self, node: Node, keyword: str) -> jsonschema_rs.Validator:
        """Judges whether one at least of the alternatives under `keyword` of `node` fits."""
        if (node, keyword) not in self._any_of:
            alternatives = [{"$ref": edge.target.url} for edge in node.under(keyword)]
            self._any_of[node, keyword] = self._compile({"$schema": SCHEMA_URIS["2020-12"], "anyOf": alternatives})
        return self._any_of[node, keyword]

    def _compile(
        self, schema: Any, base_uri: str | None = None, *, explaining: bool = False
    ) -> jsonschema_rs.Validator:
        keywords = self._keywords
        if explaining:  # the library names the values
            keywords = {name: each for name, each in keywords.items() if name == "uniqueItems"}
        try:
            return jsonschema_rs.validator_for(
                schema,
                base_uri=base_uri,
                registry=self._registry,
                pattern_options=jsonschema_rs.RegexOptions(),
                validate_formats=self._assert_formats,
                keywords=keywords,
                offline=True,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise _schema_error(error) from None


def _has_many(node: Node) -> bool:
    values = node.value.get("enum")
    return isinstance(values, list) and len(values) > MANY


def _asserts(keyword: str, draft: Draft) -> bool:
    return keyword in ASSERTIONS and since(draft, ASSERTIONS[keyword])


def _schema_error(error: Exception) -> SchemaError:
    if isinstance(error, jsonschema_rs.ValidationError):
        return SchemaError(describe_schema_fault(error))
    return SchemaError("a reference or an id cannot be resolved")
