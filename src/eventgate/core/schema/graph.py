"""All schemas that a topic's schema reaches, with every reference resolved: inside the topics folder only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin

from eventgate.core.pointer import Pointer, join
from eventgate.core.schema.documents import FOLDER, Document, Resource, Tokens, locate
from eventgate.core.schema.keywords import SCHEMA_URIS, Draft, Place, draft_of, subschemas
from eventgate.errors import SchemaError


class Edge:
    """From a schema to a subschema or to what it refers to. `token` is the name or index under `keyword`."""

    __slots__ = ("keyword", "place", "target", "token")

    def __init__(self, keyword: str, token: str | int | None, target: Node, place: Place) -> None:
        self.keyword = keyword
        self.token = token
        self.target = target
        self.place = place


class Node:
    """One schema at its place. `value` is as written; a `meta` node stands for a whole standard meta-schema."""

    __slots__ = ("edges", "meta", "resource", "tokens", "value")

    def __init__(self, value: Any, resource: Resource, tokens: Tokens, meta: Draft | None = None) -> None:
        self.value = value
        self.resource = resource
        self.tokens = tokens
        self.meta = meta
        self.edges: list[Edge] = []

    @property
    def draft(self) -> Draft:
        """The draft whose rules this schema follows."""
        return self.resource.draft

    @property
    def url(self) -> str:
        """The address of this schema, absolute, with a JSON Pointer as its fragment."""
        if self.meta is not None:
            return SCHEMA_URIS[self.meta]
        pointer = join(self.tokens[len(self.resource.tokens) :])
        return f"{self.resource.url}#{quote(pointer)}" if pointer else self.resource.url

    def under(self, keyword: str) -> list[Edge]:
        """The edges of one keyword."""
        return [edge for edge in self.edges if edge.keyword == keyword]


class SchemaGraph:
    """What the schema `text` named `uri` reaches; raises `SchemaError` where a reference leads nowhere.

    `resources` maps names relative to the topics folder to their text.
    """

    def __init__(self, text: bytes, uri: str, resources: Mapping[str, bytes]) -> None:
        self._files = resources
        self._documents: dict[str, Document] = {}
        self._nodes: dict[tuple[str, Tokens], Node] = {}
        self._metas: dict[Draft, Node] = {}
        self._pending: list[Node] = []
        document = self._add(uri, text)
        self.root = self._node(document, (), document.value)
        while self._pending:
            self._expand(self._pending.pop())
        self._add_dynamic_edges()

    def reached(self) -> list[Node]:
        """Every schema that may judge a part of an event, the root first."""
        found = {id(self.root): self.root}
        pending = [self.root]
        while pending:
            for edge in pending.pop().edges:
                if edge.place != "nowhere" and id(edge.target) not in found:
                    found[id(edge.target)] = edge.target
                    pending.append(edge.target)
        return list(found.values())

    @property
    def nodes(self) -> list[Node]:
        """Every schema in the files reached, in the order found."""
        return list(self._nodes.values())

    @property
    def documents(self) -> list[Document]:
        """Every file reached; the topic's own first."""
        return list(self._documents.values())

    @property
    def meta_draft(self) -> Draft | None:
        """The draft whose meta-schema is referred to, if one is."""
        return next(iter(self._metas), None)

    def _add(self, name: str, text: bytes) -> Document:
        document = self._documents[name] = Document(name, text, is_own=not self._documents)
        document.check()
        self._node(document, (), document.value)
        return document

    def _node(self, document: Document, tokens: Tokens, value: Any) -> Node:
        node = self._nodes.get((document.name, tokens))
        if node is None:
            if not isinstance(value, dict | bool):
                raise document.fault("a reference leads to what is no schema", tokens)
            node = self._nodes[document.name, tokens] = Node(value, document.resource_at(tokens), tokens)
            self._pending.append(node)
        return node

    def _expand(self, node: Node) -> None:
        value = node.value
        if not isinstance(value, dict):
            return
        document = node.resource.document
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(value.get(keyword), str) and _has_references(keyword, node.draft):
                node.edges.append(Edge(keyword, None, self._resolve(node, keyword, value[keyword]), "here"))
        for keyword, token, child, place in subschemas(value, node.draft):
            tokens = (*node.tokens, keyword, *(() if token is None else (token,)))
            node.edges.append(Edge(keyword, token, self._node(document, tokens, child), place))

    def _resolve(self, node: Node, keyword: str, reference: str) -> Node:
        document = node.resource.document
        for url, fragment in _candidates(reference, node.resource.base, document.url):
            target = self._lookup(url, fragment)
            if target is not None:
                return target
        raise document.fault(
            f"the reference {reference!r} cannot be resolved; references stay inside the topics folder",
            (*node.tokens, keyword),
        )

    def _lookup(self, url: str, fragment: str) -> Node | None:
        resource = self._resource(url)
        if resource is None:
            draft = draft_of(url)
            return None if draft is None or fragment else self._meta(draft)
        tokens: Tokens | None
        if not fragment or fragment.startswith("/"):
            tokens = self._pointed(resource, fragment)
        else:
            tokens = resource.anchors.get(unquote(fragment))
        if tokens is None:
            return None
        value = resource.document.value
        for token in tokens:
            value = value[token]
        return self._node(resource.document, tokens, value)

    def _pointed(self, resource: Resource, fragment: str) -> Tokens | None:
        try:
            pointer = Pointer(unquote(fragment, errors="strict"))
        except ValueError:
            return None
        found = locate(resource.document.value, (str(token) for token in (*resource.tokens, *pointer.tokens)))
        return None if found is None else found[1]

    def _resource(self, url: str) -> Resource | None:
        for document in self._documents.values():
            if url in document.by_base:
                return document.by_base[url]
        if url.startswith(FOLDER):
            name = unquote(url[len(FOLDER) :])
            if name in self._documents:
                return self._documents[name].resources[()]
            text = self._files.get(name)
            return None if text is None else self._add(name, text).resources[()]
        return None if draft_of(url) else self._declared(url)

    def _declared(self, url: str) -> Resource | None:
        """The resource of a file not yet reached that declares the id `url`."""
        for name in sorted(self._files):
            if name not in self._documents and name.endswith(".json"):
                try:
                    found = url in Document(name, self._files[name]).by_base
                except SchemaError:
                    continue
                if found:
                    return self._add(name, self._files[name]).by_base[url]
        return None

    def _meta(self, draft: Draft) -> Node:
        if draft not in self._metas:
            if self._metas:
                raise SchemaError("references to the meta-schemas of two drafts do not go together")
            document = next(iter(self._documents.values()))
            self._metas[draft] = Node({}, document.resources[()], (), meta=draft)
        return self._metas[draft]

    def _add_dynamic_edges(self) -> None:
        """Adds every schema that a `$dynamicRef` or `$recursiveRef` may mean, depending on the way it is reached."""
        for node in list(self._nodes.values()):
            for edge in list(node.edges):
                targets = self._dynamic_targets(node, edge)
                node.edges += [Edge(edge.keyword, None, target, "here") for target in targets if target != edge.target]

    def _dynamic_targets(self, node: Node, edge: Edge) -> Iterator[Node]:
        resources = (resource for document in self._documents.values() for resource in document.resources.values())
        if edge.keyword == "$dynamicRef":
            name = unquote(urldefrag(node.value["$dynamicRef"])[1])
            if name in edge.target.resource.dynamic:
                places = [(each, each.anchors[name]) for each in resources if name in each.dynamic]
                yield from (found for each, tokens in places if (found := self._reached(each, tokens)))
        elif edge.keyword == "$recursiveRef" and edge.target.resource.recursive:
            yield from (found for each in resources if each.recursive and (found := self._reached(each, each.tokens)))

    def _reached(self, resource: Resource, tokens: Tokens) -> Node | None:
        return self._nodes.get((resource.document.name, tokens))


def _candidates(reference: str, base: str, file: str) -> list[tuple[str, str]]:
    """What `reference` may mean: beside the schema's own id, or beside its file. Addresses and fragments."""
    if reference.startswith("#"):
        return [(base, reference[1:])]
    try:
        joined = [urldefrag(urljoin(each, reference)) for each in (base, file)]
    except ValueError:
        return []
    return [(url, fragment) for url, fragment in joined]


def _has_references(keyword: str, draft: Draft) -> bool:
    if keyword == "$ref":
        return True
    return draft == ("2020-12" if keyword == "$dynamicRef" else "2019-09")
