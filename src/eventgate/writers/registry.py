"""Which types of writers there are, and where their specifications lie.

Built-in types and plugins are the same thing, a `WriterSpec`; a plugin's distribution names it in the entry-point
group `eventgate.writers`. Nothing is imported before its type is asked for: a client library costs start-up time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from eventgate.core.writer import WriterSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "eventgate.writers"
"""The entry-point group of plugins: `type = "module:SPEC"`."""

BUILT_IN: Mapping[str, str] = {
    "discard": "eventgate.writers.discard:SPEC",
    "eventbridge": "eventgate.writers.eventbridge.writer:SPEC",
    "kafka": "eventgate.writers.kafka.writer:SPEC",
    "postgres": "eventgate.writers.postgres.writer:SPEC",
    "sqlite": "eventgate.writers.sqlite.writer:SPEC",
}
"""The types that come with the gate, and where their specifications lie."""

EXTRAS: Mapping[str, str] = {"eventbridge": "aws", "kafka": "kafka", "postgres": "postgres"}
"""The extra that brings a type's client library."""


def find_spec(type: str) -> WriterSpec:
    """The specification of a type; a built-in type is found without looking at plugins, which takes a while.

    Raises `LookupError` with a text for people: no such type, a plugin that cannot be imported, or two that claim it.
    """
    spec = _import(type) if type in BUILT_IN else _load(_only(type, _plugins().get(type, [])))
    if not isinstance(spec, WriterSpec):
        raise LookupError(f"the writer type {type!r} names something that is not a WriterSpec")
    return spec


def _import(type: str) -> object:
    module, _, attribute = BUILT_IN[type].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if type not in EXTRAS or (error.name or "").startswith("eventgate"):
            raise
        extra = EXTRAS[type]
        raise LookupError(f"the writer type {type!r} needs a library: pip install 'eventgate[{extra}]'") from error


def known_types() -> tuple[str, ...]:
    """All types that can be asked for, sorted; nothing of theirs is imported."""
    return tuple(sorted({*BUILT_IN, *_plugins()}))


def plugin_problems() -> tuple[str, ...]:
    """What the installed plugins' names tell is wrong with them: a built-in type taken, or one type taken twice."""
    problems = []
    for type, claims in sorted(_plugins().items()):
        if type in BUILT_IN:
            problems.append(f"{_distributions(claims)} offers a writer type {type!r}, but the built-in one is used")
        elif len(claims) > 1:
            problems.append(_twice(type, claims))
    return tuple(problems)


def _plugins() -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points  # costs 35 ms of start-up, and most gates have no plugin

    found: dict[str, list[EntryPoint]] = defaultdict(list)
    for entry in entry_points(group=GROUP):
        if all(entry.value != other.value or _owner(entry) != _owner(other) for other in found[entry.name]):
            found[entry.name].append(entry)
    return dict(found)


def _only(type: str, claims: list[EntryPoint]) -> EntryPoint:
    if not claims:
        raise LookupError(f"there is no writer type {type!r}; known are {', '.join(known_types())}")
    if len(claims) > 1:
        raise LookupError(_twice(type, claims))
    return claims[0]


def _load(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:  # a plugin's import may raise anything; what it says is for the operator
        problem = f"{error.__class__.__name__}: {error}"
        raise LookupError(f"the writer type {entry.name!r} of {_owner(entry)} cannot be imported: {problem}") from error


def _twice(type: str, claims: list[EntryPoint]) -> str:
    return f"{_distributions(claims)} both offer a writer type {type!r}; uninstall one of them"


def _distributions(claims: list[EntryPoint]) -> str:
    return " and ".join(sorted(_owner(entry) for entry in claims))


def _owner(entry: EntryPoint) -> str:
    return f"the distribution {entry.dist.name}" if entry.dist is not None else f"the plugin {entry.value}"
