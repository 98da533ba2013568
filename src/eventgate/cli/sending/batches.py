"""Events of a file in groups that are posted together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from eventgate.cli.entries import Entry

LARGEST_BATCH_BYTES = 1024 * 1024
"""A batch takes no further event past this; hosts before a gate have limits of their own."""


class Batch(msgspec.Struct, frozen=True):
    """Events that lie side by side in a file, which `begin` (a byte offset) and the last entry's end bound."""

    begin: int
    entries: tuple[Entry, ...]
    receipt: str | None = None

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.entries[-1].end

    @property
    def line(self) -> int:
        """The number of its first line."""
        return self.entries[0].line

    def key(self, run: str) -> str:
        """Its Idempotency-Key in the run of that name: the same whenever the same events are sent again."""
        return f"{run}-{self.begin}-{len(self.entries)}"

    def halves(self) -> list[Batch]:
        """Two batches of half the events each; for one of at least two."""
        middle = len(self.entries) // 2
        first, second = self.entries[:middle], self.entries[middle:]
        return [Batch(self.begin, first), Batch(first[-1].end, second)]

    def singles(self) -> list[Batch]:
        """A batch for each event."""
        begins = [self.begin, *(entry.end for entry in self.entries)]
        return [Batch(begin, (entry,)) for begin, entry in zip(begins, self.entries, strict=False)]


class Batching:
    """Groups events into batches of up to `most`, which may be lowered meanwhile."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._most_bytes = LARGEST_BATCH_BYTES

    def lower(self, most: int, most_bytes: int) -> None:
        """Make batches no larger than this from now on."""
        self.most = min(self.most, most)
        self._most_bytes = min(self._most_bytes, most_bytes)

    def group(self, entries: Iterable[Entry], begin: int, is_idle: Callable[[], bool]) -> Iterator[Batch]:
        """Batches of `entries`, the first of which begins at `begin`; one that `is_idle` waits for is not kept back."""
        held: list[Entry] = []
        size = 0
        for entry in entries:
            if held and size + len(entry.body) > self._most_bytes:
                yield Batch(begin, tuple(held))
                begin, held, size = held[-1].end, [], 0
            held.append(entry)
            size += len(entry.body)
            if len(held) >= self.most or is_idle():
                yield Batch(begin, tuple(held))
                begin, held, size = entry.end, [], 0
        if held:
            yield Batch(begin, tuple(held))
