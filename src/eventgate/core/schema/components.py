"""Which schemas refer to each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from eventgate.core.schema.graph import Edge, Node


def components(nodes: list[Node], places: tuple[str, ...]) -> Iterator[list[Node]]:
    """The strongly connected components (Tarjan) of `nodes` along edges of `places`; single nodes included."""
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for start in nodes:
        if start in order:
            continue
        work: list[tuple[Node, Iterator[Edge]]] = []

        def enter(node: Node, work: list[tuple[Node, Iterator[Edge]]] = work) -> None:
            order[node] = low[node] = len(order)
            stack.append(node)
            on_stack.add(node)
            work.append((node, iter([edge for edge in node.edges if edge.place in places])))

        enter(start)
        while work:
            node, edges = work[-1]
            edge = next(edges, None)
            if edge is not None:
                if edge.target not in order:
                    enter(edge.target)
                elif edge.target in on_stack:
                    low[node] = min(low[node], order[edge.target])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == order[node]:
                component: list[Node] = []
                while not component or component[-1] is not node:
                    component.append(stack.pop())
                    on_stack.discard(component[-1])
                yield component
