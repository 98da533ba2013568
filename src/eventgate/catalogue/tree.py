"""A topic's schema as a tree that people read: what a value may be, and below it what it holds.

All schemas that judge the same value (`$ref`, `allOf`, a member that two of them declare) are one row. Each row has an
address. A schema inside of itself is a link to where it is described; one without end is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from eventgate.catalogue.facts import code, facts, kind, text_of
from eventgate.catalogue.markup import Markup, tag
from eventgate.catalogue.parts import Part, flat, groups
from eventgate.core.schema.graph import Node

MOST_ROWS: Final = 1500
"""Rows of one page; the schema as it was written is below it, whole."""
DEEPEST: Final = 32
"""Rows inside of each other."""
OPEN: Final = 4
"""So deep the tree is open when the page is."""


def tree(root: Node) -> Markup:
    """The tree of the schema `root`."""
    return tag("ul", _Tree().row(Part("event", "the event", (root,)), "", {}), class_="tree")


class _Tree:
    """One tree while it is made. `anchors` are the addresses given so far."""

    def __init__(self) -> None:
        self._anchors: set[str] = set()
        self._rows = 0

    def row(self, part: Part, path: str, above: Mapping[int, str]) -> Markup:
        """A row with all below it; `above` has the address of every schema that it is inside of."""
        self._rows += 1
        nodes = flat(part.nodes)
        anchor = self._anchor(path or "/")
        known = next((above[id(node)] for node in nodes if id(node) in above), None)
        described = text_of(nodes, "description") if path else ""  # the page begins with the event's
        return tag(
            "li",
            tag("div", *_head(part, nodes, anchor, titled=path != "" and not part.is_name), class_="row"),
            tag("p", described, class_="text") if described else None,
            _back(known) if known else tag("div", *self._below(nodes, path, anchor, above), class_="below"),
            id=anchor,
        )

    def _below(self, nodes: Sequence[Node], path: str, anchor: str, above: Mapping[int, str]) -> Iterator[Markup]:
        inside = {**above, **{id(node): anchor for node in nodes}}
        for group in groups(nodes):
            if not group.parts:
                yield tag("p", group.label, class_="note")
                continue
            rows = []
            for part in group.parts:
                if self._rows >= MOST_ROWS or path.count("/") >= DEEPEST:
                    rows.append(tag("li", tag("p", "More than is shown here: see the schema as written.")))
                    break
                rows.append(self.row(part, f"{path}/{part.token}", inside))
            listed = tag("ul", *rows)
            is_open = path.count("/") < OPEN
            yield tag("details", tag("summary", group.label), listed, open=is_open, class_=group.style)

    def _anchor(self, wanted: str) -> str:
        anchor, number = wanted.replace(" ", "%20"), 1
        while anchor in self._anchors:
            number += 1
            anchor = f"{wanted}~{number}"
        self._anchors.add(anchor)
        return anchor


def _head(part: Part, nodes: Sequence[Node], anchor: str, *, titled: bool) -> Iterator[Markup | str]:
    style = "name" if part.is_name else "name word"
    yield tag("a", part.name, class_=style, href="#" + quote(anchor, safe="/*:"))
    title = text_of(nodes, "title")
    if title and titled:
        yield " "
        yield tag("span", title, class_="title")
    types = kind(nodes)
    yield " "
    yield tag("span", types or "anything", class_="type")
    if part.required:
        yield " "
        yield tag("span", "required", class_="required")
    for fact in facts(nodes):
        yield " "
        yield fact


def _back(anchor: str) -> Markup:
    return tag("p", "Described at ", tag("a", code(anchor), href="#" + quote(anchor, safe="/*:")), class_="note")
