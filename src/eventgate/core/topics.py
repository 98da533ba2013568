"""Topics: what an event has to look like, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from eventgate.core.limits import ALL_PROBLEMS_BODY_BYTES, MAX_PROBLEMS
from eventgate.core.pointer import Pointer
from eventgate.core.schema.graph import Node, SchemaGraph
from eventgate.core.schema.patterns import check_patterns
from eventgate.core.schema.shape import Shape
from eventgate.core.schema.validators import Validators
from eventgate.core.schema.weight import Weight, weight_of
from eventgate.core.writer import WriterUse
from eventgate.errors import InvalidEvent, Problem

if TYPE_CHECKING:
    from eventgate.core.schema.explain import Explainer

MAX_SEARCHED: Final = 1000
"""Problems looked at for one answer, repeated ones included."""
WEIGHED_LATER: Final = 100
"""Schemas of so many parts are weighed when the first event comes; larger ones when they are loaded."""
MOMENT_SECONDS: Final = 0.02
"""How long judging an event may hold up other requests."""


class SchemaSource(msgspec.Struct, frozen=True):
    """What a schema is compiled from: its text, its name, and the texts of the other files that it reaches."""

    text: bytes
    uri: str
    files: tuple[tuple[str, bytes], ...]
    assert_formats: bool

    def compiled(self) -> CompiledSchema:
        """The schema; raises `SchemaError`."""
        return compile_schema(self.text, uri=self.uri, resources=dict(self.files), assert_formats=self.assert_formats)


class CompiledSchema:
    """A topic's schema, ready to judge. Made by `compile_schema`.

    `text` is the schema as it was written, `document` the same, parsed, `draft` the draft it follows. `branching`:
    it recurses on two ways at once, so that only the first problem is told. `graph` holds every schema it reaches.
    """

    def __init__(self, source: SchemaSource, graph: SchemaGraph, validators: Validators, *, branching: bool) -> None:
        self.source = source
        self.text = source.text
        self.document: Any = graph.root.value
        self.draft: str = graph.root.draft
        self.branching = branching
        self.graph = graph
        self._validators = validators
        self.accepts: Callable[[Any], bool] = validators.whole.is_valid
        """Whether a parsed document matches the schema."""

    def check(self, document: Any, size: int) -> None:
        """Raises `InvalidEvent` unless `document`, parsed from `size` bytes, matches the schema.

        It names up to 100 problems, or only the first where the body is over 32 KiB or the schema is branching.
        """
        if not self.accepts(document):
            raise self.refusal(document, size)

    def refusal(self, document: Any, size: int) -> InvalidEvent:
        """Why `document`, parsed from `size` bytes, does not match the schema; see `check`."""
        found = self._explainer.problems(document)
        if self.branching or size > ALL_PROBLEMS_BODY_BYTES:
            return InvalidEvent((next(found),), truncated=True)
        problems, is_all = _distinct(found)
        return InvalidEvent(problems, truncated=not is_all)

    @cached_property
    def light_bytes(self) -> int:
        """Events up to this size are judged in a moment, whatever they hold."""
        return self._weight.bytes_within(MOMENT_SECONDS)

    @cached_property
    def explained_bytes(self) -> int:
        """Up to this size it takes no more than a moment to say why an event does not match."""
        return self._weight.explanation().bytes_within(MOMENT_SECONDS)

    def weigh(self) -> Weight:
        """What judging events may take: found out once, which of a large schema takes a while."""
        return self._weight

    @cached_property
    def _weight(self) -> Weight:
        return weight_of(self.graph)

    def takes(self, node: Node, value: Any) -> bool:
        """Whether `value` matches `node`, one of the schemas that this one reaches."""
        return self._validators.of(node).is_valid(value)

    def meets(self, node: Node, value: Any) -> bool:
        """Whether `value` meets those keywords of `node` that look at it directly, without subschemas."""
        return self._validators.assertions(node).is_valid(value) and self._validators.is_listed(node, value)

    def shown(self, pointer: str, document: Any) -> str:
        """`pointer` into `document` as a caller may see it: member names that the schema declares nowhere as `*`."""
        return self._explainer.shown(pointer, document)

    @cached_property
    def _explainer(self) -> Explainer:
        from eventgate.core.schema.explain import Explainer  # with the first event that does not match

        return Explainer(self.graph, self._validators)


def compile_schema(
    text: bytes, *, uri: str, resources: Mapping[str, bytes], assert_formats: bool = True
) -> CompiledSchema:
    """The schema `text`, compiled; raises `SchemaError`. No file or address is read.

    `resources` maps the names of the files of the topics folder, relative to it, to their content: what `$ref` may
    refer to. `uri` is the schema's own name among them. Drafts 4, 6, 7, 2019-09 and 2020-12 (JSON Schema); without
    `$schema` 2020-12.
    """
    graph = SchemaGraph(text, uri, resources)
    check_patterns(graph)
    shape = Shape(graph)
    validators = Validators(graph, assert_formats=assert_formats)
    files = tuple((document.name, document.text) for document in graph.documents[1:])
    source = SchemaSource(text, uri, files, assert_formats)
    made = CompiledSchema(source, graph, validators, branching=shape.branching)
    if len(graph.nodes) > WEIGHED_LATER:
        made.weigh()
    return made


class Topic(msgspec.Struct, frozen=True):
    """One topic of a policy.

    `event_id` and `key` point into the event. `guard` names the writer that runs first; `uses` says for each writer,
    by its name, how this topic uses it. `timeout_seconds` bounds a request below the gate's own limit. `options` follow
    from `uses`: the topic's settings for each writer. `default_key` is the events' key where `key` is not given.
    `spool`: what a required writer does not take is deferred; `keep_invalid`: refused events are kept as dead letters.
    """

    name: str
    schema: CompiledSchema
    event_id: Pointer | None = None
    key: Pointer | None = None
    guard: str | None = None
    uses: Mapping[str, WriterUse] = {}
    timeout_seconds: float | None = None
    options: Mapping[str, Any] = {}
    default_key: str | None = None
    spool: bool = False
    keep_invalid: bool = False

    def __post_init__(self) -> None:
        """Put the writers' settings together once for all events."""
        options = {name: use.options for name, use in self.uses.items()}
        msgspec.structs.force_setattr(self, "options", options)


def _distinct(found: Iterable[Problem]) -> tuple[tuple[Problem, ...], bool]:
    """The first problems, each once, and whether they are all."""
    problems: dict[Problem, None] = {}
    for searched, problem in enumerate(found):
        if searched >= MAX_SEARCHED or (len(problems) >= MAX_PROBLEMS and problem not in problems):
            return tuple(problems), False
        problems[problem] = None
    return tuple(problems), True
