"""Why an event does not match its schema, problem by problem, as many as are asked for.

The library that judges collects all errors before it gives the first one, which can take minutes; its yes or no is
fast. So this asks for the yes or no of each subschema on the way down to what is wrong, and stops when told enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import jsonschema_rs

from eventgate.core.pointer import Pointer, join
from eventgate.core.schema.explain_parts import Frame, Part, member_names, problem
from eventgate.core.schema.explain_structure import items, members, missing
from eventgate.core.schema.graph import Edge, Node, SchemaGraph
from eventgate.core.schema.keywords import HOLDERS
from eventgate.core.schema.problems import assertion_text, count, one_of
from eventgate.core.schema.validators import Validators
from eventgate.errors import Problem

MAX_ALTERNATIVES: Final = 5
"""Alternatives of an `anyOf` or `oneOf` for which it is said why they do not fit."""
MAX_COUNTED: Final = 100
"""Alternatives of a `oneOf` that are counted where more than one fits: each is compiled for that."""
MAX_REASONS: Final = 500
"""Characters of those reasons together."""


_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


class _Open(NamedTuple):
    frame: Frame
    parts: Iterator[Part]


class Explainer:
    """Explains what `validators` refuse; member names that the schema declares nowhere are shown as `*`."""

    def __init__(self, graph: SchemaGraph, validators: Validators) -> None:
        self._root = graph.root
        self._validators = validators
        self._names = member_names(graph)

    def shown(self, pointer: str, document: Any) -> str:
        """`pointer` into `document` with undeclared names as `*`; what leads nowhere is taken for names."""
        shown: list[str] = []
        value = document
        for token in Pointer(pointer).tokens:
            is_index = isinstance(value, list)
            shown.append(token if is_index or token in self._names else "*")
            value = Pointer(join([token])).resolve(value)
        return join(shown)

    def problems(self, document: Any) -> Iterator[Problem]:
        """What is wrong with `document`, which the schema refuses; depth first, in the order of the document."""
        return self._walk(Frame(self._root, None, document, ()))

    def _walk(self, start: Frame) -> Iterator[Problem]:
        # A stack of our own: a document may be nested deeper than Python calls may.
        open_frames = [_Open(start, self._parts(start))]
        unexplained = [True]
        while open_frames:
            part = next(open_frames[-1].parts, None)
            if part is None:
                frame = open_frames.pop().frame
                if unexplained.pop():
                    yield _unexplained(frame)
                continue
            unexplained[-1] = False
            if isinstance(part, Problem):
                yield part
            else:
                open_frames.append(_Open(part, self._parts(part)))
                unexplained.append(True)

    def _parts(self, frame: Frame) -> Iterator[Part]:
        node = frame.node
        if node.meta is not None:
            yield problem(frame, "$ref", f"must be a JSON Schema of draft {node.meta}")
        elif node.value is False:
            yield problem(frame, frame.keyword or "false schema", "is not allowed here")
        elif isinstance(node.value, dict):
            any_found = False
            for part in self._by_keyword(frame):
                any_found = True
                yield part
            if any_found:
                yield from self._unevaluated(frame)

    def _by_keyword(self, frame: Frame) -> Iterator[Part]:
        hides_siblings = any(edge.keyword == "$ref" for edge in frame.node.edges) and frame.node.draft in (
            "4",
            "6",
            "7",
        )
        if not hides_siblings:
            yield from self._asserted(frame)
            yield from missing(frame)
        yield from self._referred(frame)
        yield from self._combined(frame)
        yield from self._conditional(frame)
        if isinstance(frame.instance, dict):
            yield from members(frame, self._validators, self._names, self._first_reason)
        elif isinstance(frame.instance, list):
            yield from items(frame, self._validators)

    def _asserted(self, frame: Frame) -> Iterator[Part]:
        if not self._validators.is_listed(frame.node, frame.instance):
            yield problem(frame, "enum", one_of(frame.node.value["enum"]))
        judge = self._validators.assertions(frame.node)
        try:
            judge.validate(frame.instance)
        except jsonschema_rs.ValidationError as first:
            # Each error copies the instance: the others are made only if they are asked for.
            yield problem(frame, first.kind.name, assertion_text(first))
            for error in judge.iter_errors(frame.instance):
                if error.kind.name != first.kind.name:
                    yield problem(frame, error.kind.name, assertion_text(error))

    def _referred(self, frame: Frame) -> Iterator[Part]:
        yield from self._failing(frame, frame.node.under("$ref"))
        for keyword in ("$dynamicRef", "$recursiveRef"):
            # One of the targets is meant; which one depends on the way here.
            for part in self._failing(frame, frame.node.under(keyword)):
                yield part
                break

    def _combined(self, frame: Frame) -> Iterator[Part]:
        yield from self._failing(frame, frame.node.under("allOf"))
        for keyword in ("anyOf", "oneOf"):
            edges = frame.node.under(keyword)
            if edges:
                yield from self._alternatives(frame, keyword, [edge.target for edge in edges])
        for edge in frame.node.under("not"):
            if not self._fails(edge.target, frame.instance):
                yield problem(frame, "not", "must not match the schema under not")

    def _conditional(self, frame: Frame) -> Iterator[Part]:
        for edge in frame.node.under("if"):
            branch = "else" if self._fails(edge.target, frame.instance) else "then"
            yield from self._failing(frame, frame.node.under(branch))
        if isinstance(frame.instance, dict):
            for keyword in ("dependentSchemas", "dependencies"):
                edges = [edge for edge in frame.node.under(keyword) if edge.token in frame.instance]
                yield from self._failing(frame, edges)

    def _alternatives(self, frame: Frame, keyword: str, targets: list[Node]) -> Iterator[Part]:
        of = count(len(targets), "alternative")
        wanted = "at least" if keyword == "anyOf" else "exactly"
        if not self._validators.any_of(frame.node, keyword).is_valid(frame.instance):
            reasons = "" if frame.brief else self._reasons(frame, targets)
            yield problem(frame, keyword, f"must match {wanted} one of {of}{reasons}")
        elif keyword == "oneOf":
            fitting = sum(not self._fails(target, frame.instance) for target in targets[:MAX_COUNTED])
            if fitting > 1:
                yield problem(frame, keyword, f"must match exactly one of {of}, not {fitting} of them")

    def _reasons(self, frame: Frame, targets: list[Node]) -> str:
        said = []
        for number, target in enumerate(targets[:MAX_ALTERNATIVES], 1):
            said.append(f"({number}) {self._first_reason(target, frame.instance)}")
        text = "; ".join(said)
        cut = text if len(text) <= MAX_REASONS else f"{text[:MAX_REASONS]}..."
        return f": {cut}" + ("; ..." if len(targets) > MAX_ALTERNATIVES else "")

    def _first_reason(self, node: Node, instance: Any) -> str:
        """The first problem of `instance` with `node`, in words."""
        first = next(self._walk(Frame(node, None, instance, (), brief=True)))
        return f"{first.pointer} {first.message}" if first.pointer else first.message

    def _unevaluated(self, frame: Frame) -> Iterator[Part]:
        """For a schema that has other problems too; where it has none, what is unexplained is this one."""
        keyword = _unevaluated_keyword(frame)
        if keyword and self._validators.only_unevaluated(frame.node, keyword, frame.instance):
            yield _unexplained(frame)

    def _failing(self, frame: Frame, edges: Iterable[Edge]) -> Iterator[Frame]:
        for edge in edges:
            if self._fails(edge.target, frame.instance):
                yield frame._replace(node=edge.target, keyword=edge.keyword)

    def _fails(self, node: Node, instance: Any) -> bool:
        return not self._validators.of(node).is_valid(instance)


def _unevaluated_keyword(frame: Frame) -> str | None:
    is_object = isinstance(frame.instance, dict)
    if not is_object and not isinstance(frame.instance, list):
        return None
    keyword = "unevaluatedProperties" if is_object else "unevaluatedItems"
    return keyword if frame.node.under(keyword) else None


def _unexplained(frame: Frame) -> Problem:
    """What remains where no other keyword is at fault."""
    keyword = _unevaluated_keyword(frame)
    if keyword == "unevaluatedProperties":
        return problem(frame, keyword, "has members that the schema does not allow")
    if keyword == "unevaluatedItems":
        return problem(frame, keyword, "has items that the schema does not allow")
    held = (name for name in frame.node.value if name in HOLDERS or name in _REFERENCES)
    return problem(frame, frame.keyword or next(held, "$ref"), "does not match the schema")
