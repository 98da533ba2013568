"""Where in an event a value is to stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from eventgate.catalogue.examples.parts import Demand, Part
from eventgate.catalogue.examples.variants import leads_to
from eventgate.core.schema.graph import Node


class Place(NamedTuple):
    """`name` is that of the nearest member. `event_id` is the way from here to the event's id, if it is below here.

    `open_nodes` are the schemas that judge what this place is part of.
    """

    depth: int = 0
    name: str = ""
    event_id: tuple[str, ...] | None = None
    open_nodes: frozenset[Node] = frozenset()

    def member(self, name: str, nodes: Iterable[Node]) -> Place:
        """The place of the member `name` of what is here and `nodes` judge."""
        way = self.event_id[1:] if self.event_id and self.event_id[0] == name else None
        return Place(self.depth + 1, name, way, self.open_nodes | frozenset(nodes))

    def item(self, nodes: Iterable[Node]) -> Place:
        """The place of an item."""
        return Place(self.depth + 1, _singular(self.name), None, self.open_nodes | frozenset(nodes))

    def repeats(self, demands: Iterable[Demand], nodes: Iterable[Node]) -> bool:
        """Whether `demands` lead to a schema again that judges what is here, or one of `nodes`."""
        opened = self.open_nodes | frozenset(nodes)
        return any(
            each in opened
            for demand in demands
            if isinstance(demand, Part) and demand.holds
            for each in leads_to(demand.node)
        )


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name
