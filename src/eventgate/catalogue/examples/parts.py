"""What a value must be, in pieces that can be put together: schemas that hold, schemas that do not, and choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from eventgate.core.schema.graph import Node
from eventgate.core.schema.keywords import Draft


class Part(NamedTuple):
    """The value matches `node`, or, where `holds` is false, it does not."""

    node: Node
    holds: bool = True


class Fact(NamedTuple):
    """The value meets the keywords of `value` that look at it directly, by the rules of `draft`.

    `node` is the schema that they stand in, whose edges lead to the members and items; None for a fact of our own.
    """

    value: Mapping[str, Any]
    draft: Draft
    node: Node | None = None


class Forbidden(NamedTuple):
    """The value has no member called `name`."""

    name: str


class Member(NamedTuple):
    """The value has a member called `name` that is as `part` says."""

    name: str
    part: Part | None = None


class Item(NamedTuple):
    """The value has an item that is as `part` says, or, with `every`, none that is not."""

    part: Part
    every: bool = False


class Choice(NamedTuple):
    """One of `ways` is so, the first ones being preferred."""

    ways: tuple[tuple[Demand, ...], ...]


Demand: TypeAlias = "Part | Fact | Forbidden | Member | Item | Choice"


def fact(**value: Any) -> Fact:
    """A fact of our own, with keywords as draft 2020-12 has them."""
    return Fact(value, "2020-12")
