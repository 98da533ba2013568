"""Which of the processes that run side by side gets which tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def dealt(services: Iterable[Sequence[T]], others: Sequence[T], processes: int) -> list[T]:
    """All tests in the order in which `processes` shares hold one service's tests each, and what fills them up.

    pytest-xdist's `worksteal` cuts the list into as many shares of one length, hands one to each process, and lets who
    is done take from the end of the longest that is left. So a service is started once, unless that would leave a
    process without work; and a module's tests, which stay together, share its fixtures.
    """
    heads: list[list[T]] = [[] for _ in range(processes)]
    for head, tests in zip(itertools.cycle(heads), services, strict=False):
        head += tests
    rest = iter(others)
    lengths = _shares(sum(map(len, heads)) + len(others), processes)
    filled = [[*head, *itertools.islice(rest, max(0, n - len(head)))] for head, n in zip(heads, lengths, strict=True)]
    return [*itertools.chain.from_iterable(filled), *rest]


def _shares(count: int, processes: int) -> Iterator[int]:
    """How many tests each process is given at first."""
    for left in range(processes, 0, -1):
        share = count // left
        count -= share
        yield share
