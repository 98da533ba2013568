"""Schema files as parsed documents: their draft, and the ids and anchors that they declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urldefrag, urljoin

import jsonschema_rs

from eventgate.core import json
from eventgate.core.pointer import Pointer, join
from eventgate.core.schema.keywords import SCHEMA_URIS, Draft, draft_of, since, subschemas
from eventgate.core.schema.problems import describe_schema_fault
from eventgate.errors import InvalidJson, SchemaError

FOLDER: Final = "https://topics.invalid/topics/"
"""Stands for the topics folder in every address; nothing is ever fetched from it."""
MAX_SCHEMA_DEPTH: Final = 256
"""Deepest nesting of a schema's own text."""

Tokens = tuple[str | int, ...]

_PLAIN_ID = re.compile(r"[^\x00-\x20\"<>\\^`{|}\x7f]*")


class Resource:
    """A schema with an address of its own: a file's root, or a subschema with an `$id`.

    `base` is what relative references in it are resolved against; `url` is our name for it, one for each.
    """

    __slots__ = ("anchors", "base", "document", "draft", "dynamic", "recursive", "tokens", "url")

    def __init__(self, document: Document, tokens: Tokens, base: str, url: str, draft: Draft) -> None:
        self.document = document
        self.tokens = tokens
        self.base = base
        self.url = url
        self.draft = draft
        self.anchors: dict[str, Tokens] = {}
        self.dynamic: set[str] = set()
        self.recursive = False


class Document:
    """One file. `resources` has the resource of every place where one begins; `by_base` finds them by address.

    `is_own` says that it is the topic's own file: faults in others name the file instead of a pointer.
    """

    def __init__(self, name: str, text: bytes, *, is_own: bool = False) -> None:
        self.name = name
        self.text = text
        self.is_own = is_own
        self.url = FOLDER + quote(name)
        try:
            self.value = parse_schema(text)
            self.draft = _draft(self.value)
        except SchemaError as error:
            raise self.fault(str(error), tuple(Pointer(error.pointer).tokens)) from None
        root = Resource(self, (), self.url, self.url, self.draft)
        self.resources: dict[Tokens, Resource] = {(): root}
        self.by_base: dict[str, Resource] = {self.url: root}
        self._index(self.value, (), root, at_root=True)

    def check(self) -> None:
        """Raises `SchemaError` where the document is not what its draft's meta-schema wants."""
        value = self.value
        if isinstance(value, dict):
            value = {**value, "$schema": SCHEMA_URIS[self.draft]}
        try:
            jsonschema_rs.meta.validate(value)
        except jsonschema_rs.ValidationError as error:
            raise self.fault(describe_schema_fault(error), tuple(error.instance_path)) from None

    def fault(self, message: str, tokens: Tokens = ()) -> SchemaError:
        """The error that names the place `tokens` of this file."""
        place = join(tokens)
        if not self.is_own:
            return SchemaError(f"{self.name}#{place}: {message}")
        return SchemaError(f"{message} (at {place})" if place else message, pointer=place)

    def resource_at(self, tokens: Tokens) -> Resource:
        """The resource that the place `tokens` belongs to."""
        while tokens not in self.resources:
            tokens = tokens[:-1]
        return self.resources[tokens]

    def _index(self, value: Any, tokens: Tokens, resource: Resource, *, at_root: bool = False) -> None:
        if not isinstance(value, dict):
            return
        resource = self._enter(value, tokens, resource, at_root)
        for keyword, token, child, _ in subschemas(value, resource.draft):
            self._index(child, (*tokens, keyword, *(() if token is None else (token,))), resource)

    def _enter(self, value: dict[str, Any], tokens: Tokens, resource: Resource, at_root: bool) -> Resource:
        modern = since(resource.draft, "2019-09")
        if "$ref" in value and not modern:
            return resource
        identifier = value.get("id" if resource.draft == "4" else "$id")
        if isinstance(identifier, str):
            url, anchor = urldefrag(identifier)
            if url:
                resource = self._identified(value, url, tokens, resource, at_root)
            if anchor and not modern:
                self._anchor(resource, anchor, tokens)
        if modern:
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(value.get(keyword), str) and (keyword == "$anchor" or since(resource.draft, "2020-12")):
                    self._anchor(resource, value[keyword], tokens)
            if isinstance(value.get("$dynamicAnchor"), str) and since(resource.draft, "2020-12"):
                resource.dynamic.add(value["$dynamicAnchor"])
            if value.get("$recursiveAnchor") is True and resource.tokens == tokens and resource.draft == "2019-09":
                resource.recursive = True
        return resource

    def _identified(
        self, value: dict[str, Any], url: str, tokens: Tokens, resource: Resource, at_root: bool
    ) -> Resource:
        if not _PLAIN_ID.fullmatch(url):
            raise self.fault("an id is a URI reference", tokens)
        try:
            base = urljoin(resource.base, url)
        except ValueError:
            raise self.fault("an id is a URI reference", tokens) from None
        if at_root:
            resource.base = base
        else:
            draft = _draft(value) if "$schema" in value else resource.draft
            resource = Resource(self, tokens, base, f"{self.url};{len(self.resources)}", draft)
            self.resources[tokens] = resource
        if self.by_base.setdefault(base, resource) is not resource:
            raise self.fault("two schemas have the same id", tokens)
        return resource

    def _anchor(self, resource: Resource, name: str, tokens: Tokens) -> None:
        if resource.anchors.setdefault(name, tokens) != tokens:
            raise self.fault("two schemas have the same anchor", tokens)


def parse_schema(text: bytes) -> Any:
    """The schema that `text` is: an object or a boolean, in strict JSON; raises `SchemaError`."""
    try:
        value = json.parse(text.strip(json.WHITE_SPACE), MAX_SCHEMA_DEPTH)
    except InvalidJson as error:
        raise SchemaError(str(error).replace("the body", "the schema")) from None
    if not isinstance(value, dict | bool):
        raise SchemaError("a JSON Schema is an object or a boolean")
    return value


def locate(value: Any, tokens: Iterator[str]) -> tuple[Any, Tokens] | None:
    """What `tokens` point to below `value`, with list indices as numbers; None where there is nothing."""
    found: list[str | int] = []
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[token]
            found.append(token)
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,5}", token) and int(token) < len(value):
            value = value[int(token)]
            found.append(int(token))
        else:
            return None
    return value, tuple(found)


def _draft(value: Any) -> Draft:
    if not isinstance(value, dict) or "$schema" not in value:
        return "2020-12"
    named = value["$schema"]
    draft = draft_of(named) if isinstance(named, str) else None
    if draft is None:
        raise SchemaError("$schema names none of the drafts 4, 6, 7, 2019-09 and 2020-12", pointer="/$schema")
    return draft
